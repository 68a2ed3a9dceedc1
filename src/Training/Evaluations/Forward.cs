namespace Fovea.Training.Evaluations;

/// <summary>Runs a network on a batch.</summary>
/// <param name="images">The input, [<paramref name="count"/>, C, H, W].</param>
/// <param name="count">The number of images, at least 1.</param>
/// <param name="logits">Receives the output, [<paramref name="count"/>, classes].</param>
internal delegate void Forward(Memory<float> images, int count, Memory<float> logits);
