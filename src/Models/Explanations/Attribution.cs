namespace Fovea.Models.Explanations;

/// <summary>An explanation of one class in one image.</summary>
/// <param name="Class">The index of the class, from 0.</param>
/// <param name="Label">The name of the class.</param>
/// <param name="Probability">The probability of the class, 0 to 1.</param>
/// <param name="Method">The method that computed the explanation.</param>
/// <param name="Layer">The name of the feature map that Grad-CAM used; <c>null</c> for other methods.</param>
/// <param name="Map">The evidence for the class at each place of the image.</param>
public sealed record Attribution(int Class, string Label, double Probability, ExplanationMethod Method, string? Layer, HeatMap Map);
