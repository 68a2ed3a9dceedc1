namespace Fovea.Models.Kernels;

// y = gamma z + beta, z = (x - mean) r, r = 1 / sqrt(variance + epsilon); a channel has m elements.
// dbeta = sum dY;  dgamma = r sum(dY (x - mean));  dX = gamma r (dY - dbeta / m - z dgamma / m)

/// <summary>
/// Computes the gradients of batch normalisation by the statistics of the batch, and through a ReLU after it if there is one. The inputs
/// are x, gamma, beta, mean, variance and the gradient of the output; the outputs are the gradients of x, gamma and beta.
/// </summary>
internal sealed unsafe class NormalizationGradient(int channels, int plane, float epsilon, bool relu) : OperatorKernel
{
    /// <inheritdoc/>
    public override void Compute(nint context)
    {
        nint input = RuntimeApi.Input(context, 0), given = RuntimeApi.Input(context, 5);
        var batch = BatchTensor.Of(input, channels, plane);
        if (RuntimeApi.Count(given) != RuntimeApi.Count(input))
        {
            throw new InvalidOperationException(
                $"The gradient of a batch normalisation has {RuntimeApi.Count(given)} elements; expected {RuntimeApi.Count(input)}.");
        }

        float* x = RuntimeApi.Floats(input), dY = RuntimeApi.Floats(given);
        float* gamma = RuntimeApi.Floats(RuntimeApi.Input(context, 1)), beta = RuntimeApi.Floats(RuntimeApi.Input(context, 2));
        float* means = RuntimeApi.Floats(RuntimeApi.Input(context, 3)), variances = RuntimeApi.Floats(RuntimeApi.Input(context, 4));
        float* dX = RuntimeApi.Floats(RuntimeApi.OutputLike(context, input));
        float* dGamma = RuntimeApi.Floats(RuntimeApi.OutputAt(context, 1, channels));
        float* dBeta = RuntimeApi.Floats(RuntimeApi.OutputAt(context, 2, channels));
        batch.EachChannel(context, c =>
        {
            float scale = NormalizationKernel.Scale(gamma[c], variances[c], epsilon);
            var channel = new NormalizedChannel(means[c], scale, beta[c], relu ? 0 : float.NegativeInfinity);
            double sum = 0, product = 0, r = 1 / Math.Sqrt((double)variances[c] + epsilon);
            for (int image = 0; image < batch.Images; image++)
            {
                nint at = batch.At(image, c);
                var (sumOfImage, productOfImage) = ChannelVectors.GradientSums(dY + at, x + at, plane, channel);
                sum += sumOfImage;
                product += productOfImage;
            }

            (dBeta[c], dGamma[c]) = ((float)sum, (float)(product * r));
            double share = -scale / (double)batch.Count;
            for (int image = 0; image < batch.Images; image++)
            {
                nint at = batch.At(image, c);
                ChannelVectors.Gradient(dY + at, x + at, dX + at, plane, channel, (float)(share * r * r * product), (float)(share * sum));
            }
        });
    }
}
