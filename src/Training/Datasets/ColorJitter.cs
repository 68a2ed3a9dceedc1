using System.Buffers;
using System.Numerics;
using System.Numerics.Tensors;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;

namespace Fovea.Training.Datasets;

/// <summary>
/// Changes the colours of a preprocessed image at random. Let v be a pixel's red, green and blue, 0 to 1. The changes apply in this order:
/// brightness, b v; contrast, k v + (1 - k) mean grey; saturation, s v + (1 - s) grey(v); hue, a rotation about the grey axis; lighting, v
/// plus each principal axis of ImageNet's colours times its eigenvalue and normal noise (Krizhevsky, Sutskever and Hinton, 2012). Each
/// change is affine in v, so their product is one matrix and one pass over the pixels. The final values are clipped to the range of a
/// pixel.
/// </summary>
internal sealed class ColorJitter
{
    private static readonly Vector3 GreyWeights = new(0.299f, 0.587f, 0.114f);

    // A row vector times ToGrey is its grey value in all three channels. ToYiq converts RGB to YIQ (NTSC, 1953): brightness and two axes of
    // colour.
    private static readonly Matrix4x4 ToGrey = Columns(GreyWeights, GreyWeights, GreyWeights),
        ToYiq = Columns(GreyWeights, new(0.5959f, -0.2746f, -0.3213f), new(0.2115f, -0.5227f, 0.3112f)),
        FromYiq = Matrix4x4.Invert(ToYiq, out var inverse) ? inverse : default;

    private static readonly (Vector3 Axis, float Eigenvalue)[] ImageNetAxes =
    [
        (new(-0.5675f, -0.5808f, -0.5836f), 0.2175f),
        (new(0.7192f, -0.0045f, -0.6948f), 0.0188f),
        (new(0.4009f, -0.8140f, 0.4203f), 0.0045f),
    ];

    private readonly Augmentation augmentation;

    // For each colour (red, green and blue, or grey): the colour's channel in the tensor, the normalized value of 0, and the normalized
    // distance from 0 to 255.
    private readonly int[] channel;
    private readonly float[] low, range;

    public ColorJitter(Augmentation augmentation, Preprocessing preprocessing)
    {
        this.augmentation = augmentation;
        channel = preprocessing.Color switch { ColorOrder.Gray => [0], ColorOrder.Bgr => [2, 1, 0], _ => [0, 1, 2] };
        low = [.. channel.Select(c => preprocessing.Normalized(0, c))];
        range = [.. channel.Select((c, color) => preprocessing.Normalized(255, c) - low[color])];
    }

    /// <summary>Draws a colour change and applies it in place.</summary>
    /// <param name="tensor">The normalized image, [C, H, W].</param>
    /// <param name="random">The source of random numbers. Nothing is drawn if the augmentation changes no colours.</param>
    public void Apply(Span<float> tensor, ref SeededRandom random)
    {
        if (augmentation is { Brightness: 0, Contrast: 0, Saturation: 0, Hue: 0, Lighting: 0 })
        {
            return;
        }

        int plane = tensor.Length / channel.Length;
        var before = ArrayPool<float>.Shared.Rent(tensor.Length);
        tensor.CopyTo(before);
        float Mean(int c) => TensorPrimitives.Sum<float>(before.AsSpan(c * plane, plane)) / plane;
        var means = channel.Select((c, color) => (Mean(c) - low[color]) / range[color]).ToArray();
        var change = Draw(means.Length == 1 ? new Vector3(means[0]) : new Vector3(means), ref random);
        for (int to = 0; to < channel.Length; to++)
        {
            var result = tensor.Slice(channel[to] * plane, plane);
            float offset = change[3, to];
            result.Clear();
            for (int from = 0; from < channel.Length; from++)
            {
                var source = before.AsSpan(channel[from] * plane, plane);
                TensorPrimitives.MultiplyAdd(source, change[from, to] * range[to] / range[from], result, result);
                offset -= change[from, to] * low[from] / range[from];
            }

            TensorPrimitives.Add(result, low[to] + range[to] * offset, result);
            TensorPrimitives.Max(result, Math.Min(low[to], low[to] + range[to]), result);
            TensorPrimitives.Min(result, Math.Max(low[to], low[to] + range[to]), result);
        }

        ArrayPool<float>.Shared.Return(before);
    }

    private Matrix4x4 Draw(Vector3 mean, ref SeededRandom random)
    {
        float brightness = Factor(augmentation.Brightness, ref random), contrast = Factor(augmentation.Contrast, ref random);
        var change = Matrix4x4.CreateScale(brightness * contrast);
        var light = new Vector3((1 - contrast) * brightness * Vector3.Dot(mean, GreyWeights));
        if (channel.Length == 3)
        {
            float saturation = Factor(augmentation.Saturation, ref random);
            float hueTurns = random.Uniform((float)-augmentation.Hue, (float)augmentation.Hue);
            change *= ToGrey * (1 - saturation) + Matrix4x4.Identity * saturation;
            change *= ToYiq * Matrix4x4.CreateRotationX(hueTurns * MathF.Tau) * FromYiq;
            foreach (var (axis, eigenvalue) in ImageNetAxes)
            {
                light += axis * (eigenvalue * (float)augmentation.Lighting * random.Normal());
            }
        }

        change.Translation = light;
        return change;
    }

    private static float Factor(double change, ref SeededRandom random) => random.Uniform((float)(1 - change), (float)(1 + change));

    private static Matrix4x4 Columns(Vector3 x, Vector3 y, Vector3 z) =>
        new(x.X, y.X, z.X, 0, x.Y, y.Y, z.Y, 0, x.Z, y.Z, z.Z, 0, 0, 0, 0, 1);
}
