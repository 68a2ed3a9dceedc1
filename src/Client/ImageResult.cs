namespace Fovea.Client;

/// <summary>The answer to one image among several: a classification or a problem; the other one is null.</summary>
/// <param name="Classification">What the model sees; null: the image could not be used.</param>
/// <param name="Problem">Why the image could not be used; null: it was classified.</param>
public sealed record ImageResult(ImageClassification? Classification, FoveaProblem? Problem);
