using System.Buffers;
using System.Runtime.Intrinsics;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Imaging;

/// <summary>
/// Turns images into a network's input, with the same code in training, evaluation and serving. There are two steps: <c>Fit</c> changes the
/// size and the channels and returns pixels; <see cref="Normalize"/> converts pixels to normalised numbers.
/// </summary>
public static class Preprocessor
{
    // Arrays between these lengths in bytes are rented from the pool. The range covers photos decoded to the size that networks need.
    // Smaller arrays are cheap to allocate, and larger arrays are rarely reused.
    private const int MinRentedBytes = 1 << 16, MaxRentedBytes = 1 << 22;

    /// <summary>
    /// Decodes an image file and fits it to the network's input. A JPEG with many more pixels than the network needs is decoded at a
    /// reduced size.
    /// </summary>
    /// <exception cref="FoveaException">
    /// The image cannot be decoded; the codes are those of <see cref="ImageDecoder.Decode(ReadOnlyMemory{byte}, ImageLimits, int)"/>.
    /// </exception>
    public static Pixels Fit(ReadOnlyMemory<byte> file, ImageLimits limits, Preprocessing preprocessing)
    {
        using var image = EncodedImage.Open(file, limits);
        return Fit(image, preprocessing);
    }

    /// <summary>Decodes an image whose header has been read, and fits it to the network's input.</summary>
    /// <exception cref="FoveaException"><c>ErrorCode.DamagedImage</c>: the data are truncated or corrupt.</exception>
    public static Pixels Fit(EncodedImage image, Preprocessing preprocessing) => FitWithRegion(image, preprocessing).Fitted;

    /// <summary>
    /// The same as <see cref="Fit(EncodedImage, Preprocessing)"/>, but also returns the part of the upright image that the result shows.
    /// </summary>
    /// <exception cref="FoveaException"><c>ErrorCode.DamagedImage</c>: the data are truncated or corrupt.</exception>
    public static (Pixels Fitted, InputRegion Region) FitWithRegion(EncodedImage image, Preprocessing preprocessing)
    {
        byte[]? rented = null;
        try
        {
            var (fitted, region) = FitWithRegion(
                image.Decode(LeastSide(preprocessing), Allocate, (width, height) => Needed(width, height, preprocessing)), preprocessing);
            return fitted.Values != rented
                ? (fitted, region)
                : (fitted with { Values = rented[..(fitted.Width * fitted.Height * fitted.Channels)] }, region);
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }

        // The search for handwriting needs an array of exactly the image's length, and the pool may return a longer one.
        byte[] Allocate(int bytes) => preprocessing.Invert == Inversion.Auto || bytes is < MinRentedBytes or > MaxRentedBytes
            ? GC.AllocateUninitializedArray<byte>(bytes)
            : rented = ArrayPool<byte>.Shared.Rent(bytes);
    }

    /// <summary>Decodes an image file, at a reduced size if this is faster and the size is large enough for <c>Fit</c>.</summary>
    /// <exception cref="FoveaException">
    /// The image cannot be decoded; the codes are those of <see cref="ImageDecoder.Decode(ReadOnlyMemory{byte}, ImageLimits, int)"/>.
    /// </exception>
    public static Pixels Decode(ReadOnlyMemory<byte> file, ImageLimits limits, Preprocessing preprocessing) =>
        ImageDecoder.Decode(file, limits, LeastSide(preprocessing));

    /// <summary>
    /// Stretches a part of an image to the network's input size and converts its colours. The resizing, cropping and search for handwriting
    /// of <paramref name="preprocessing"/> are not applied. Training uses this method for random crops.
    /// </summary>
    /// <param name="image">The decoded image.</param>
    /// <param name="part">The part, within the image, at least one pixel in size.</param>
    /// <param name="preprocessing">The size and the colours of the result.</param>
    public static Pixels Fit(Pixels image, PixelRectangle part, Preprocessing preprocessing)
    {
        // The size that the whole image would have after the same stretching, rounded to pixels. The part is then a window of the resized
        // image.
        var (height, width) = (preprocessing.Crop[0], preprocessing.Crop[1]);
        int wholeWidth = (int)Math.Round((double)image.Width * width / part.Width);
        int wholeHeight = (int)Math.Round((double)image.Height * height / part.Height);
        int x = Math.Min((int)Math.Round((double)part.X * width / part.Width), wholeWidth - width);
        int y = Math.Min((int)Math.Round((double)part.Y * height / part.Height), wholeHeight - height);
        var source = preprocessing.Color == ColorOrder.Gray ? Colors.Gray(image) : image;
        var fitted = Resizer.Resize(source, wholeWidth, wholeHeight, new(x, y, width, height), preprocessing.Interpolation);
        return preprocessing.Color == ColorOrder.Gray ? fitted : Colors.Ordered(fitted, preprocessing.Color);
    }

    /// <summary>
    /// Resizes and crops an image, or stretches it, and converts its colours: the result has the network's input size and channels. For an
    /// image that needs no change, returns the same object.
    /// </summary>
    /// <remarks>
    /// The rounding is the same as in torchvision: the long side becomes Resize x long / short, truncated, and the crop's offset is half of
    /// the difference, rounded half to even. With <see cref="Inversion.Auto"/>, the digit in the image is found and framed instead, and
    /// <see cref="Preprocessing.Resize"/> has no effect.
    /// </remarks>
    public static Pixels Fit(Pixels image, Preprocessing preprocessing) => FitWithRegion(image, preprocessing).Fitted;

    /// <summary>Writes fitted pixels as a tensor [C, H, W] of (value x scale - mean) / standard deviation.</summary>
    /// <param name="fitted">The result of <c>Fit</c>.</param>
    /// <param name="preprocessing">The preprocessing that was given to <c>Fit</c>.</param>
    /// <param name="tensor">Receives C x H x W numbers.</param>
    /// <exception cref="ArgumentException">The pixels or the tensor do not have the size of the network's input.</exception>
    public static void Normalize(Pixels fitted, Preprocessing preprocessing, Span<float> tensor)
    {
        int channels = fitted.Channels, plane = fitted.Width * fitted.Height;
        if (new Shape(channels, fitted.Height, fitted.Width) != preprocessing.Shape || tensor.Length != channels * plane)
        {
            throw new ArgumentException(
                $"The pixels are {channels} x {fitted.Height} x {fitted.Width} and the tensor has {tensor.Length} numbers; "
                + $"expected {preprocessing.Shape} for both.",
                nameof(fitted));
        }

        ReadOnlySpan<byte> values = fitted.Values;
        for (int c = 0; c < channels; c++)
        {
            var target = tensor.Slice(c * plane, plane);
            var (scale, mean, std) = preprocessing.Coefficients(c);
            var (means, stds) = (Vector256.Create(mean), Vector256.Create(std));
            int i = 0;
            for (; i + 8 <= plane; i += 8)
            {
                (((Plane.LoadEight(values.Slice(i * channels, 8 * channels), c) * scale) - means) / stds).CopyTo(target[i..]);
            }

            for (; i < plane; i++)
            {
                target[i] = preprocessing.Normalized(values[(i * channels) + c], c);
            }
        }
    }

    private static (Pixels Fitted, InputRegion Region) FitWithRegion(Pixels image, Preprocessing preprocessing)
    {
        var source = preprocessing.Color == ColorOrder.Gray || preprocessing.Invert == Inversion.Auto ? Colors.Gray(image) : image;
        var (fitted, region) = preprocessing.Invert == Inversion.Auto
            ? Handwriting.Frame(source, preprocessing.Crop[1], preprocessing.Crop[0])
            : Cropped(source, SizeOf(source.Width, source.Height, preprocessing), preprocessing);
        return (preprocessing.Color == ColorOrder.Gray ? fitted : Colors.Ordered(fitted, preprocessing.Color), region);
    }

    // The size of an image after resizing, before the crop.
    private static (int Width, int Height) SizeOf(int width, int height, Preprocessing preprocessing)
    {
        if (preprocessing.Resize is not { } side)
        {
            var size = preprocessing.ResizeTo ?? preprocessing.Crop;
            return (size[1], size[0]);
        }

        int longSide = (int)((long)side * Math.Max(width, height) / Math.Min(width, height));
        return width > height ? (longSide, side) : (side, longSide);
    }

    // The window of the resized image that the network sees.
    private static PixelRectangle Window((int Width, int Height) size, Preprocessing preprocessing)
    {
        var (height, width) = (preprocessing.Crop[0], preprocessing.Crop[1]);
        return new((int)Math.Round((size.Width - width) / 2.0), (int)Math.Round((size.Height - height) / 2.0), width, height);
    }

    // The part of a decoded image that resizing reads. All pixels are read for gray networks and by the search for handwriting.
    private static PixelRectangle Needed(int width, int height, Preprocessing preprocessing)
    {
        var whole = new PixelRectangle(0, 0, width, height);
        if (preprocessing.Color == ColorOrder.Gray || preprocessing.Invert == Inversion.Auto)
        {
            return whole;
        }

        var size = SizeOf(width, height, preprocessing);
        var window = Window(size, preprocessing);
        var (x, columns) = Resampler.Support(preprocessing.Interpolation, width, size.Width, window.X, window.Width);
        var (y, rows) = Resampler.Support(preprocessing.Interpolation, height, size.Height, window.Y, window.Height);
        return new(x, y, columns, rows);
    }

    private static (Pixels Cropped, InputRegion Region) Cropped(Pixels image, (int Width, int Height) size, Preprocessing preprocessing)
    {
        var window = Window(size, preprocessing);
        var cropped = Resizer.Resize(image, size.Width, size.Height, window, preprocessing.Interpolation);
        return (cropped, new(
            (double)window.X / size.Width,
            (double)window.Y / size.Height,
            (double)(window.X + window.Width) / size.Width,
            (double)(window.Y + window.Height) / size.Height));
    }

    /// <summary>
    /// The smallest short side, in pixels, to which a JPEG may be reduced when it is decoded; 0 for full size. It is twice the side that
    /// the network needs, so that the resizer's antialiasing decides the result, not the decoder's. The result then differs from that of
    /// the full image by one or two levels of brightness. The search for handwriting, and resizing to the nearest pixel, need the full
    /// image.
    /// </summary>
    public static int LeastSide(Preprocessing preprocessing) =>
        preprocessing.Invert == Inversion.Auto || preprocessing.Interpolation == Interpolation.Nearest ? 0
        : 2 * Math.Max(preprocessing.Resize ?? 0, Math.Max(preprocessing.ResizeTo?.Max() ?? 0, preprocessing.Crop.Max()));
}
