namespace Fovea.Client;

/// <summary>The classes that a model recognises in an image.</summary>
/// <param name="Model">The model that answered.</param>
/// <param name="Version">The version of the model, from 1.</param>
/// <param name="Trained">Whether the model's weights were learnt; if not, the answer means nothing.</param>
/// <param name="Predictions">The likeliest classes, the likeliest first. Empty if none reaches the threshold.</param>
/// <param name="MultiLabel">Whether the labels are independent: several may be right, and the probabilities do not add up to 1.</param>
/// <param name="Outlier">Whether the image resembles none of the classes; null: the model cannot tell.</param>
public sealed record ImageClassification(
    string Model,
    int Version,
    bool Trained,
    IReadOnlyList<PredictedClass> Predictions,
    bool MultiLabel = false,
    OutlierVerdict? Outlier = null)
{
    /// <summary>The likeliest class; null if none reaches the threshold.</summary>
    public PredictedClass? Best => Predictions.Count > 0 ? Predictions[0] : null;
}

/// <summary>A class that an image may show.</summary>
/// <param name="Label">The name of the class.</param>
/// <param name="Index">The index of the class among the model's classes, from 0.</param>
/// <param name="Probability">The probability of the class, 0 to 1.</param>
public sealed record PredictedClass(string Label, int Index, double Probability);

/// <summary>The distance of an image from the images that the model was trained on.</summary>
/// <param name="Score">The distance: the higher it is, the less the image resembles the training images.</param>
/// <param name="Is">Whether the score is above the model's threshold. 5 % of images like the training images exceed this threshold.</param>
public sealed record OutlierVerdict(double Score, bool Is);
