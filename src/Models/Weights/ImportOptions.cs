using System.Collections.Immutable;

namespace Fovea.Models.Weights;

/// <summary>Options of an import.</summary>
/// <param name="Classes">
/// The number of classes, 2 to 100,000. If the file has another number, the last layer gets random weights. With <c>null</c>, the file must
/// have the number of classes in the architecture's paper.
/// </param>
/// <param name="Labels">
/// The names of the classes. With <c>null</c>, a network that keeps a file's 1000 classes gets ImageNet's names, and other networks get
/// none.
/// </param>
/// <param name="Seed">The seed of the random weights of a new last layer.</param>
/// <param name="FileName">The name under which the file was published; <c>null</c> for the file's present name.</param>
/// <param name="Dataset">The data set on which the weights were trained; <c>null</c> if it is unknown.</param>
public sealed record ImportOptions(
    int? Classes = null, ImmutableArray<string>? Labels = null, long Seed = 1, string? FileName = null, string? Dataset = null);
