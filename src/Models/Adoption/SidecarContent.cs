using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>What one file of other software says; a property is <c>null</c> where it says nothing.</summary>
/// <param name="Labels">The names of the classes.</param>
/// <param name="Preprocessing">How an image becomes the input.</param>
/// <param name="Activation">What the outputs need.</param>
/// <param name="Source">Where it stands.</param>
internal sealed record SidecarContent(
    IReadOnlyList<string>? Labels = null, PreprocessingSource? Preprocessing = null, Activation? Activation = null, string? Source = null)
{
    /// <summary>Only labels; <c>null</c> if there are none.</summary>
    public static SidecarContent? Of(IReadOnlyList<string>? labels) => labels is { Count: > 0 } ? new(labels) : null;
}
