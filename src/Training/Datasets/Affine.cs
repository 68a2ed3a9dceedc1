using Fovea.Models;

namespace Fovea.Training;

/// <summary>
/// Light augmentation: each image is turned, scaled and moved a little, differently in each epoch, so that the network learns what a class looks like
/// and not where its pixels are. Drawn uniformly: rotation up to 12 degrees either way, scale 0.85 to 1.15, each shift up to 8 % of the side.
/// </summary>
internal static class Affine
{
    private const float Rotation = 12 * MathF.PI / 180, Scale = 0.15f, Shift = 0.08f;

    /// <summary>Draws a transform and samples the image under it, bilinearly; what comes from outside has the value given for its channel.</summary>
    public static void Transform(ReadOnlySpan<float> image, Shape shape, ReadOnlySpan<float> outside, ref SeededRandom random, Span<float> result)
    {
        int height = shape[1], width = shape[2];
        float angle = random.Uniform(-Rotation, Rotation), scale = random.Uniform(1 - Scale, 1 + Scale);
        float cosine = MathF.Cos(angle) / scale, sine = MathF.Sin(angle) / scale;
        float centreX = (width - 1) / 2f, centreY = (height - 1) / 2f;
        float moveX = random.Uniform(-Shift, Shift) * width, moveY = random.Uniform(-Shift, Shift) * height;

        for (int y = 0; y < height; y++)
        {
            // Where the first pixel of this row comes from; along the row the source moves by (cosine, -sine).
            float dx = -centreX - moveX, dy = y - centreY - moveY;
            float sourceX = cosine * dx + sine * dy + centreX, sourceY = -sine * dx + cosine * dy + centreY;
            for (int x = 0; x < width; x++, sourceX += cosine, sourceY -= sine)
            {
                int left = (int)MathF.Floor(sourceX), top = (int)MathF.Floor(sourceY);
                float right = sourceX - left, below = sourceY - top;
                for (int c = 0; c < shape[0]; c++)
                {
                    var plane = image.Slice(c * height * width, height * width);
                    result[(c * height + y) * width + x] = left >= 0 && top >= 0 && left + 1 < width && top + 1 < height
                        ? Blend(plane[top * width + left], plane[top * width + left + 1], plane[(top + 1) * width + left], plane[(top + 1) * width + left + 1], right, below)
                        : Blend(At(plane, top, left, outside[c]), At(plane, top, left + 1, outside[c]), At(plane, top + 1, left, outside[c]), At(plane, top + 1, left + 1, outside[c]), right, below);
                }
            }
        }

        float At(ReadOnlySpan<float> plane, int row, int column, float otherwise) =>
            (uint)row < (uint)height && (uint)column < (uint)width ? plane[row * width + column] : otherwise;
    }

    private static float Blend(float topLeft, float topRight, float bottomLeft, float bottomRight, float right, float below)
    {
        float top = topLeft + (topRight - topLeft) * right, bottom = bottomLeft + (bottomRight - bottomLeft) * right;
        return top + (bottom - top) * below;
    }
}
