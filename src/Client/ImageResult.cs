namespace Fovea.Client;

/// <summary>The answer to one image among several: a classification or a problem; the other one is null.</summary>
/// <param name="Classification">The classification; null: the image could not be used.</param>
/// <param name="Problem">The reason why the image could not be used; null: the image was classified.</param>
public sealed record ImageResult(ImageClassification? Classification, FoveaProblem? Problem);
