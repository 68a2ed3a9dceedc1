namespace Fovea.Models.Explanations;

/// <summary>The options of an explanation.</summary>
public sealed record ExplanationOptions
{
    /// <summary>The index of the class to explain, from 0. Default <c>null</c>: the likeliest class.</summary>
    public int? Class { get; init; }

    /// <summary>The method of the explanation. Default: Grad-CAM.</summary>
    public ExplanationMethod Method { get; init; }

    /// <summary>
    /// The name of the node or layer whose output is the feature map of Grad-CAM. Default <c>null</c>: the last value with height and width
    /// before the classifier. Must be <c>null</c> for other methods.
    /// </summary>
    public string? Layer { get; init; }

    /// <summary>The seed of the random masks of RISE. Default 1.</summary>
    public long Seed { get; init; } = 1;
}
