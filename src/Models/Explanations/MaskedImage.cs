using Fovea.Models.Graphs;

namespace Fovea.Models.Explanations;

/// <summary>An image and the images that stand for missing parts of it.</summary>
internal sealed class MaskedImage
{
    // The radius of the blur is this share of the shorter side. Three blurs by a box are nearly one by a Gaussian, whose deviation is here
    // 1/16 of the side.
    private const int BlurShare = 16, BoxBlurs = 3;

    private readonly int channels, height, width;

    /// <summary>Takes a preprocessed image.</summary>
    /// <param name="values">The image, [C, H, W].</param>
    /// <param name="shape">[C, H, W].</param>
    public MaskedImage(float[] values, Shape shape)
    {
        (Values, channels, height, width) = (values, shape[0], shape[1], shape[2]);
        Grey = new float[values.Length];
        for (int c = 0; c < channels; c++)
        {
            Plane(Grey, c).Fill(System.Numerics.Tensors.TensorPrimitives.Sum<float>(Plane(values, c)) / (height * width));
        }
    }

    /// <summary>The image, [C, H, W].</summary>
    public float[] Values { get; }

    /// <summary>The mean of each channel everywhere, [C, H, W].</summary>
    public float[] Grey { get; }

    /// <summary>The image, so blurred that only the coarsest shapes are left, [C, H, W].</summary>
    public float[] Blurred()
    {
        var blurred = Values.ToArray();
        int radius = Math.Max(1, Math.Min(height, width) / BlurShare);
        for (int c = 0; c < channels; c++)
        {
            for (int i = 0; i < BoxBlurs; i++)
            {
                Blur(Plane(blurred, c), radius, lines: height, nextLine: width, length: width, next: 1);
                Blur(Plane(blurred, c), radius, lines: width, nextLine: 1, length: height, next: width);
            }
        }

        return blurred;
    }

    /// <summary>Writes other + mask (image - other), [C, H, W].</summary>
    /// <param name="mask">The share of the image that stays at each place, 0 to 1, [H, W].</param>
    /// <param name="other">The image that stands for the rest, [C, H, W].</param>
    /// <param name="target">Receives the result.</param>
    public void Blend(ReadOnlySpan<float> mask, float[] other, Span<float> target)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = other[i] + (mask[i % mask.Length] * (Values[i] - other[i]));
        }
    }

    private Span<float> Plane(float[] values, int channel) => values.AsSpan(channel * height * width, height * width);

    // The mean of each number and its neighbours on both sides of its line; the last number of a line counts for those beyond it.
    private static void Blur(Span<float> plane, int radius, int lines, int nextLine, int length, int next)
    {
        var line = new float[length];
        for (int l = 0; l < lines; l++)
        {
            for (int i = 0; i < length; i++)
            {
                line[i] = plane[(l * nextLine) + (i * next)];
            }

            double sum = 0;
            for (int i = -radius; i <= radius; i++)
            {
                sum += line[Math.Clamp(i, 0, length - 1)];
            }

            for (int i = 0; i < length; i++)
            {
                plane[(l * nextLine) + (i * next)] = (float)(sum / ((2 * radius) + 1));
                sum += line[Math.Min(i + radius + 1, length - 1)] - line[Math.Max(i - radius, 0)];
            }
        }
    }
}
