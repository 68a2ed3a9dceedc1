namespace Fovea.Models.Runtime;

/// <summary>One class that an image may show, with its probability.</summary>
/// <param name="Label">The name of the class.</param>
/// <param name="Index">The index of the class among the logits, from 0.</param>
/// <param name="Probability">The probability of the class, 0 to 1.</param>
public sealed record Prediction(string Label, int Index, double Probability);
