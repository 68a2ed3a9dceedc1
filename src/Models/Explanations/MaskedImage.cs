using Fovea.Models.Graphs;

namespace Fovea.Models.Explanations;

/// <summary>An image, and images that replace its hidden parts: its mean colour, and a blurred copy.</summary>
internal sealed class MaskedImage
{
    // The radius of the blur is the shorter side divided by BlurShare. Three box blurs approximate a Gaussian blur, here with a standard
    // deviation of 1/16 of the side.
    private const int BlurShare = 16, BoxBlurs = 3;

    private readonly int channels, height, width;

    /// <summary>Stores a preprocessed image and computes its mean colour.</summary>
    /// <param name="values">The image, [C, H, W].</param>
    /// <param name="shape">The shape of the image, [C, H, W].</param>
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

    /// <summary>An image whose pixels all have the mean colour, [C, H, W].</summary>
    public float[] Grey { get; }

    /// <summary>Returns a copy of the image so blurred that only coarse shapes are visible, [C, H, W].</summary>
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
    /// <param name="mask">The share of the image at each place, 0 to 1, [H, W].</param>
    /// <param name="other">The image that replaces the hidden parts, [C, H, W].</param>
    /// <param name="target">Receives the result, [C, H, W].</param>
    public void Blend(ReadOnlySpan<float> mask, float[] other, Span<float> target)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = other[i] + (mask[i % mask.Length] * (Values[i] - other[i]));
        }
    }

    private Span<float> Plane(float[] values, int channel) => values.AsSpan(channel * height * width, height * width);

    // Replaces each number by the mean of the numbers up to the radius before and after it in its line. Beyond the ends of the line, the
    // first or last number is repeated.
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
