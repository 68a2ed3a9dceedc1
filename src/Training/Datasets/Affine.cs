using Fovea.Models.Imaging;
using Fovea.Models.Layers;

namespace Fovea.Training.Datasets;

/// <summary>
/// Rotates, scales and shifts a preprocessed image at random, with bilinear sampling. Pixels that lie outside the source image are black.
/// If the augmentation has shifts only, they are by whole pixels, so that each pixel keeps its value.
/// </summary>
internal sealed class Affine
{
    private readonly int channels, height, width;
    private readonly float rotation, scale, shift;
    private readonly float[] black;

    public Affine(Augmentation augmentation, Preprocessing preprocessing)
    {
        (channels, height, width) = (preprocessing.Channels, preprocessing.Crop[0], preprocessing.Crop[1]);
        (rotation, scale, shift) = ((float)(augmentation.Rotation * Math.PI / 180), (float)augmentation.Scale, (float)augmentation.Shift);
        black = [.. Enumerable.Range(0, channels).Select(c => preprocessing.Normalized(0, c))];
    }

    /// <summary>
    /// Whether the augmentation asks for any rotation, scaling or shift. If not, <see cref="Apply"/> would only copy the image.
    /// </summary>
    public bool HasEffect => rotation > 0 || scale > 0 || shift > 0;

    /// <summary>Draws a transform and writes the transformed image.</summary>
    /// <param name="image">The source, [C, H, W], normalized.</param>
    /// <param name="random">The source of the transform's parameters; four numbers are drawn.</param>
    /// <param name="result">The result, [C, H, W]; every element is written.</param>
    public void Apply(ReadOnlySpan<float> image, ref SeededRandom random, Span<float> result)
    {
        float angle = random.Uniform(-rotation, rotation), size = random.Uniform(1 - scale, 1 + scale);
        float cosine = MathF.Cos(angle) / size, sine = MathF.Sin(angle) / size;
        float centreX = (width - 1) / 2f, centreY = (height - 1) / 2f;
        float moveX = random.Uniform(-shift, shift) * width, moveY = random.Uniform(-shift, shift) * height;
        if (rotation == 0 && scale == 0)
        {
            (moveX, moveY) = (MathF.Round(moveX), MathF.Round(moveY));
        }

        for (int y = 0; y < height; y++)
        {
            // (sourceX, sourceY) is the source position of the row's first pixel. Each step along the row moves it by (cosine, -sine).
            float dx = -centreX - moveX, dy = y - centreY - moveY;
            float sourceX = cosine * dx + sine * dy + centreX, sourceY = -sine * dx + cosine * dy + centreY;
            for (int x = 0; x < width; x++, sourceX += cosine, sourceY -= sine)
            {
                int left = (int)MathF.Floor(sourceX), top = (int)MathF.Floor(sourceY);
                float right = sourceX - left, below = sourceY - top;
                for (int c = 0; c < channels; c++)
                {
                    var plane = image.Slice(c * height * width, height * width);
                    result[(c * height + y) * width + x] = left >= 0 && top >= 0 && left + 1 < width && top + 1 < height
                        ? Blend(plane[(top * width + left)..], right, below)
                        : BlendAtBorder(plane, top, left, c, right, below);
                }
            }
        }
    }

    // Blends the four pixels of which window[0] is the top left one.
    private float Blend(ReadOnlySpan<float> window, float right, float below) =>
        Blend(window[0], window[1], window[width], window[width + 1], right, below);

    private float BlendAtBorder(ReadOnlySpan<float> plane, int top, int left, int channel, float right, float below) => Blend(
        At(plane, top, left, channel), At(plane, top, left + 1, channel),
        At(plane, top + 1, left, channel), At(plane, top + 1, left + 1, channel), right, below);

    private float At(ReadOnlySpan<float> plane, int row, int column, int channel) =>
        (uint)row < (uint)height && (uint)column < (uint)width ? plane[row * width + column] : black[channel];

    private static float Blend(float topLeft, float topRight, float bottomLeft, float bottomRight, float right, float below)
    {
        float top = topLeft + (topRight - topLeft) * right, bottom = bottomLeft + (bottomRight - bottomLeft) * right;
        return top + (bottom - top) * below;
    }
}
