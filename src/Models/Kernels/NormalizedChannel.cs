namespace Fovea.Models.Kernels;

/// <summary>How batch normalisation changes the numbers of one channel: y = (x - mean) scale + shift.</summary>
/// <param name="Mean">The channel's mean in the batch.</param>
/// <param name="Scale">gamma / sqrt(variance + epsilon).</param>
/// <param name="Shift">beta.</param>
/// <param name="Least">The least number of the output: 0 with a ReLU, else minus infinity. The least number has no gradient.</param>
internal readonly record struct NormalizedChannel(float Mean, float Scale, float Shift, float Least);
