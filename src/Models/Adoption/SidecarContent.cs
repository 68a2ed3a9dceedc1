using System.Text.Json.Nodes;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;

namespace Fovea.Models.Adoption;

/// <summary>The content of one label or configuration file of other software. A value that the file does not give is <c>null</c>.</summary>
/// <param name="Labels">The class names.</param>
/// <param name="Preprocessing">The preprocessing that turns an image into the input.</param>
/// <param name="Activation">The activation that turns the outputs into probabilities.</param>
/// <param name="Source">The place of the class names, for messages.</param>
/// <param name="Gap">
/// A clause about the first class number without a name; <c>null</c> if every number has a name, or if there are no names.
/// </param>
internal sealed record SidecarContent(
    IReadOnlyList<string>? Labels = null,
    PreprocessingSource? Preprocessing = null,
    Activation? Activation = null,
    string? Source = null,
    string? Gap = null)
{
    /// <summary>The class names in another place of the same file; <c>null</c> if there is none.</summary>
    public SourcedLabels? OtherLabels { get; init; }

    /// <summary>
    /// A sentence about a fact by which the network is no classifier, unless model.json gives the activation; <c>null</c> if there is none.
    /// </summary>
    public string? Need { get; init; }

    /// <summary>Content with class names only; <c>null</c> if there are no names.</summary>
    public static SidecarContent? Of(IReadOnlyList<string>? labels) => labels is { Count: > 0 } ? new(labels) : null;

    /// <summary>Content with the class names in a text file; <c>null</c> if there are no names.</summary>
    public static SidecarContent? OfText(string text) =>
        LabelFiles.GapInLines(text) is { } gap ? new(Gap: gap) : Of(LabelFiles.Lines(text));

    /// <summary>Content with the class names in JSON; <c>null</c> if there are no names.</summary>
    public static SidecarContent? Of(JsonNode? json) =>
        Of(LabelFiles.Of(json)) ?? (LabelFiles.Gap(json) is { } gap ? new(Gap: gap) : null);
}
