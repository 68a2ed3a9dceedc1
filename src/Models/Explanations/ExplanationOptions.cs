namespace Fovea.Models.Explanations;

/// <summary>The options of an explanation.</summary>
public sealed record ExplanationOptions
{
    /// <summary>The class to explain, an index from 0. Default <c>null</c>: the likeliest class.</summary>
    public int? Class { get; init; }

    /// <summary>The method. Default: Grad-CAM.</summary>
    public ExplanationMethod Method { get; init; }

    /// <summary>
    /// The name of the node, or of the layer, whose output Grad-CAM takes as the feature map. Default <c>null</c>: the last value with
    /// height and width before the classifier. Other methods take no layer.
    /// </summary>
    public string? Layer { get; init; }

    /// <summary>The seed of the random masks of RISE. Default 1.</summary>
    public long Seed { get; init; } = 1;
}
