namespace Fovea.Models.Adoption;

/// <summary>Class names, and the place where they were found.</summary>
/// <param name="Names">The names, in the order of the classes.</param>
/// <param name="Source">The place of the names, for example <c>labels.txt</c>.</param>
internal sealed record SourcedLabels(IReadOnlyList<string> Names, string Source);
