namespace Fovea.Models.Kernels;

/// <summary>
/// Computes batch normalisation by the statistics of the batch, and an addition and a ReLU after it if there are any. The inputs are x,
/// gamma, beta and, if there is one, an addend of the shape of x; the outputs are y, each channel's mean and its biased variance. A channel
/// is read from memory once, if the cache holds it.
/// </summary>
internal sealed unsafe class NormalizationKernel(int channels, int plane, float epsilon, bool relu) : OperatorKernel
{
    /// <inheritdoc/>
    public override void Compute(nint context)
    {
        nint input = RuntimeApi.Input(context, 0);
        var batch = BatchTensor.Of(input, channels, plane);
        float* x = RuntimeApi.Floats(input);
        float* gamma = RuntimeApi.Floats(RuntimeApi.Input(context, 1)), beta = RuntimeApi.Floats(RuntimeApi.Input(context, 2));
        nint other = RuntimeApi.InputCount(context) > 3 ? RuntimeApi.Input(context, 3) : 0;
        if (other != 0 && RuntimeApi.Count(other) != RuntimeApi.Count(input))
        {
            throw new InvalidOperationException(
                $"The addend of a batch normalisation has {RuntimeApi.Count(other)} elements; expected {RuntimeApi.Count(input)}.");
        }

        float* addend = other == 0 ? null : RuntimeApi.Floats(other);
        float* y = RuntimeApi.Floats(RuntimeApi.OutputLike(context, input));
        float* means = RuntimeApi.Floats(RuntimeApi.OutputAt(context, 1, channels));
        float* variances = RuntimeApi.Floats(RuntimeApi.OutputAt(context, 2, channels));
        float least = relu ? 0 : float.NegativeInfinity;
        batch.EachChannel(context, channel =>
        {
            double sum = 0, squares = 0;
            for (int image = 0; image < batch.Images; image++)
            {
                sum += ChannelVectors.Sum(x + batch.At(image, channel), plane);
            }

            float mean = means[channel] = (float)(sum / batch.Count);
            for (int image = 0; image < batch.Images; image++)
            {
                squares += ChannelVectors.SquaredDeviations(x + batch.At(image, channel), plane, mean);
            }

            float variance = variances[channel] = (float)(squares / batch.Count);
            float scale = Scale(gamma[channel], variance, epsilon);
            for (int image = 0; image < batch.Images; image++)
            {
                nint at = batch.At(image, channel);
                ChannelVectors.Normalize(
                    x + at, addend is null ? null : addend + at, y + at, plane, new(mean, scale, beta[channel], least));
            }
        });
    }

    /// <summary>gamma / sqrt(variance + epsilon).</summary>
    public static float Scale(float gamma, float variance, float epsilon) => (float)(gamma / Math.Sqrt((double)variance + epsilon));
}
