namespace Fovea.Models.Adoption;

/// <summary>Names of classes, with the place that they were found in.</summary>
/// <param name="Names">The names, in the order of the classes.</param>
/// <param name="Source">The place, for example <c>labels.txt</c>.</param>
internal sealed record SourcedLabels(IReadOnlyList<string> Names, string Source);
