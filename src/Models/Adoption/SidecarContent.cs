using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>The content of one label or configuration file of other software. A value that the file does not give is <c>null</c>.</summary>
/// <param name="Labels">The class names.</param>
/// <param name="Preprocessing">The preprocessing that turns an image into the input.</param>
/// <param name="Activation">The activation that turns the outputs into probabilities.</param>
/// <param name="Source">The place of the class names, for messages.</param>
internal sealed record SidecarContent(
    IReadOnlyList<string>? Labels = null, PreprocessingSource? Preprocessing = null, Activation? Activation = null, string? Source = null)
{
    /// <summary>Content with class names only; <c>null</c> if there are no names.</summary>
    public static SidecarContent? Of(IReadOnlyList<string>? labels) => labels is { Count: > 0 } ? new(labels) : null;
}
