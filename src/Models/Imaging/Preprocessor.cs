using System.Buffers;
using System.Runtime.Intrinsics;

namespace Fovea.Models;

/// <summary>
/// Makes images into a network's input: one piece of code for training, evaluation and serving. Geometry comes first and gives pixels of the
/// network's size; numbers come second.
/// </summary>
public static class Preprocessor
{
    // Photos decoded at the size that networks need; a larger array is seldom wanted again.
    private const int LeastRented = 1 << 16, MostRented = 1 << 22;

    /// <summary>Decodes an image file and fits it. A photo of many more pixels than the network sees is decoded at a fraction of its size.</summary>
    /// <exception cref="FoveaException">The image cannot be decoded, for the reasons that <see cref="ImageDecoder"/> gives.</exception>
    public static Pixels Fit(ReadOnlyMemory<byte> file, ImageLimits limits, Preprocessing preprocessing)
    {
        using var image = EncodedImage.Open(file, limits);
        return Fit(image, preprocessing);
    }

    /// <summary>The same, of an image whose header is read.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.DamagedImage"/>.</exception>
    public static Pixels Fit(EncodedImage image, Preprocessing preprocessing)
    {
        byte[]? rented = null;
        try
        {
            var fitted = Fit(image.Decode(LeastSide(preprocessing), Memory), preprocessing);
            return fitted.Values != rented ? fitted : fitted with { Values = rented[..(fitted.Width * fitted.Height * fitted.Channels)] };
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }

        // What searches for writing takes an array to be as long as its image.
        byte[] Memory(int bytes) => preprocessing.Invert == Inversion.Auto || bytes is < LeastRented or > MostRented
            ? GC.AllocateUninitializedArray<byte>(bytes)
            : rented = ArrayPool<byte>.Shared.Rent(bytes);
    }

    /// <summary>Decodes an image file as large as fitting it needs, and not larger where that is faster.</summary>
    /// <exception cref="FoveaException">The image cannot be decoded, for the reasons that <see cref="ImageDecoder"/> gives.</exception>
    public static Pixels Decode(ReadOnlyMemory<byte> file, ImageLimits limits, Preprocessing preprocessing) =>
        ImageDecoder.Decode(file, limits, LeastSide(preprocessing));

    /// <summary>
    /// Stretches a part of an image to the network's size, in place of the framing that <paramref name="preprocessing"/> asks for, and converts
    /// colours as it asks for.
    /// </summary>
    /// <param name="image">The image, decoded.</param>
    /// <param name="part">The part, within the image and at least one pixel large.</param>
    /// <param name="preprocessing">The size and the colours of the result.</param>
    public static Pixels Fit(Pixels image, PixelRectangle part, Preprocessing preprocessing)
    {
        // The whole image's size under the same stretch; a fraction of a pixel is rounded away.
        var (height, width) = (preprocessing.Crop[0], preprocessing.Crop[1]);
        int wholeWidth = (int)Math.Round((double)image.Width * width / part.Width), wholeHeight = (int)Math.Round((double)image.Height * height / part.Height);
        int x = Math.Min((int)Math.Round((double)part.X * width / part.Width), wholeWidth - width);
        int y = Math.Min((int)Math.Round((double)part.Y * height / part.Height), wholeHeight - height);
        var source = preprocessing.Color == ColorOrder.Gray ? Colors.Gray(image) : image;
        var fitted = Resizer.Resize(source, wholeWidth, wholeHeight, new(x, y, width, height));
        return preprocessing.Color == ColorOrder.Gray ? fitted : Colors.Ordered(fitted, preprocessing.Color);
    }

    /// <summary>
    /// Resizes, crops or stretches, and converts colours: pixels of the size and channels that <paramref name="preprocessing"/> asks for, in the
    /// order it asks for. An image that has them already is returned as it is, not copied.
    /// </summary>
    /// <remarks>
    /// As torchvision does it: the long side becomes Resize x long / short, truncated; half of what is left round the crop is rounded to even.
    /// With <see cref="Inversion.Auto"/> the digit in the image is found and framed instead; <see cref="Preprocessing.Resize"/> then plays no part.
    /// </remarks>
    public static Pixels Fit(Pixels image, Preprocessing preprocessing)
    {
        var (height, width) = (preprocessing.Crop[0], preprocessing.Crop[1]);
        if (preprocessing.Invert == Inversion.Auto)
        {
            var digit = Handwriting.Frame(Colors.Gray(image), width, height);
            return preprocessing.Color == ColorOrder.Gray ? digit : Colors.Ordered(digit, preprocessing.Color);
        }

        var source = preprocessing.Color == ColorOrder.Gray ? Colors.Gray(image) : image;
        var fitted = preprocessing.Resize is { } side
            ? ResizeAndCrop(source, side, width, height)
            : Resizer.Resize(source, width, height, new(0, 0, width, height));
        return preprocessing.Color == ColorOrder.Gray ? fitted : Colors.Ordered(fitted, preprocessing.Color);
    }

    /// <summary>Writes fitted pixels as a tensor [C, H, W], each value x scale - mean, over the deviation.</summary>
    /// <param name="fitted">What Fit returned.</param>
    /// <param name="preprocessing">The same as there.</param>
    /// <param name="tensor">C x H x W numbers, all written.</param>
    /// <exception cref="ArgumentException">The pixels or the tensor are not of the size that <paramref name="preprocessing"/> asks for.</exception>
    public static void Normalize(Pixels fitted, Preprocessing preprocessing, Span<float> tensor)
    {
        int channels = fitted.Channels, plane = fitted.Width * fitted.Height;
        if (channels != preprocessing.Channels || fitted.Height != preprocessing.Crop[0] || fitted.Width != preprocessing.Crop[1] || tensor.Length != channels * plane)
        {
            throw new ArgumentException($"{channels} x {fitted.Height} x {fitted.Width} pixels do not become {tensor.Length} numbers of {preprocessing.Shape}.", nameof(fitted));
        }

        ReadOnlySpan<byte> values = fitted.Values;
        for (int c = 0; c < channels; c++)
        {
            var target = tensor.Slice(c * plane, plane);
            var (scale, mean, std) = preprocessing.Of(c);
            var (means, stds) = (Vector256.Create(mean), Vector256.Create(std));
            int i = 0;
            for (; i + 8 <= plane; i += 8)
            {
                (((Plane.Eight(values.Slice(i * channels, 8 * channels), c) * scale) - means) / stds).CopyTo(target[i..]);
            }

            for (; i < plane; i++)
            {
                target[i] = preprocessing.Normalized(values[(i * channels) + c], c);
            }
        }
    }

    private static Pixels ResizeAndCrop(Pixels image, int side, int width, int height)
    {
        bool wide = image.Width > image.Height;
        int longSide = (int)((long)side * Math.Max(image.Width, image.Height) / Math.Min(image.Width, image.Height));
        var (resizedWidth, resizedHeight) = wide ? (longSide, side) : (side, longSide);
        int x = (int)Math.Round((resizedWidth - width) / 2.0), y = (int)Math.Round((resizedHeight - height) / 2.0);
        return Resizer.Resize(image, resizedWidth, resizedHeight, new(x, y, width, height));
    }

    /// <summary>
    /// The short side, in pixels, to which a JPEG of many more may be decoded; 0: whole. Twice what is needed leaves the resizing its own
    /// antialiasing, so that pixels come out as from the whole image, to a level or two. Handwriting is searched in the whole image.
    /// </summary>
    public static int LeastSide(Preprocessing preprocessing) =>
        preprocessing.Invert == Inversion.Auto ? 0 : 2 * Math.Max(preprocessing.Resize ?? 0, preprocessing.Crop.Max());
}
