using Fovea.Models;

namespace Fovea.Training;

/// <summary>Turns an image, changes its size and moves it, sampling it bilinearly; what comes from outside is black.</summary>
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

    /// <summary>Whether it can change anything.</summary>
    public bool Does => rotation > 0 || scale > 0 || shift > 0;

    /// <summary>Draws a transform and writes the image [C, H, W] under it.</summary>
    public void Apply(ReadOnlySpan<float> image, ref SeededRandom random, Span<float> result)
    {
        float angle = random.Uniform(-rotation, rotation), size = random.Uniform(1 - scale, 1 + scale);
        float cosine = MathF.Cos(angle) / size, sine = MathF.Sin(angle) / size;
        float centreX = (width - 1) / 2f, centreY = (height - 1) / 2f;
        float moveX = random.Uniform(-shift, shift) * width, moveY = random.Uniform(-shift, shift) * height;

        for (int y = 0; y < height; y++)
        {
            // Where the first pixel of this row comes from; along the row the source moves by (cosine, -sine).
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
                        ? Blend(plane[top * width + left], plane[top * width + left + 1], plane[(top + 1) * width + left], plane[(top + 1) * width + left + 1], right, below)
                        : Blend(At(plane, top, left, c), At(plane, top, left + 1, c), At(plane, top + 1, left, c), At(plane, top + 1, left + 1, c), right, below);
                }
            }
        }
    }

    private float At(ReadOnlySpan<float> plane, int row, int column, int channel) =>
        (uint)row < (uint)height && (uint)column < (uint)width ? plane[row * width + column] : black[channel];

    private static float Blend(float topLeft, float topRight, float bottomLeft, float bottomRight, float right, float below)
    {
        float top = topLeft + (topRight - topLeft) * right, bottom = bottomLeft + (bottomRight - bottomLeft) * right;
        return top + (bottom - top) * below;
    }
}
