namespace Fovea.Models.Runtime;

/// <summary>One class that an image may show.</summary>
/// <param name="Label">The class's name.</param>
/// <param name="Index">Its place among the logits, from 0.</param>
/// <param name="Probability">Its share of the softmax, 0 to 1.</param>
public sealed record Prediction(string Label, int Index, double Probability);
