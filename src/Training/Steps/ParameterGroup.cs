namespace Fovea.Training.Steps;

/// <summary>A contiguous range of parameters with one learning rate.</summary>
/// <param name="Offset">The index of the first float.</param>
/// <param name="Length">The number of floats, with the gaps for alignment.</param>
/// <param name="RateFactor">The factor that multiplies the learning rate, over 0.</param>
internal readonly record struct ParameterGroup(int Offset, int Length, double RateFactor);
