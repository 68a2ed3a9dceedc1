using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;

namespace Fovea.Models.Adoption;

/// <summary>A file from elsewhere in the form of Fovea's own files, with what was found about it.</summary>
public sealed class AdoptedModel
{
    internal AdoptedModel(Graph graph, ModelMetadata metadata, int classes, Findings findings, OriginalForm original, bool isOriginal) =>
        (Graph, Metadata, Classes, Findings, Original, ServesOriginal) = (graph, metadata, classes, findings, original, isOriginal);

    /// <summary>
    /// The adopted graph: the input is <c>input</c>, [N, C, H, W] of floats, the output <c>logits</c>, [N, classes], or [N, features] of a
    /// base without a head. The metadata are in it.
    /// </summary>
    public Graph Graph { get; }

    /// <summary>The labels, preprocessing and activation, as far as they are known.</summary>
    public ModelMetadata Metadata { get; }

    /// <summary>The number of classes; 0 for a base that has features and no classes.</summary>
    public int Classes { get; }

    /// <summary>The findings: facts read from the file, changes, assumptions and needs.</summary>
    public Findings Findings { get; }

    /// <summary>The inputs and outputs of the file.</summary>
    public OriginalForm Original { get; }

    /// <summary>
    /// Whether the file can be served as it is, with <see cref="Metadata"/>: its input is [N, C, H, W] of floats with a free batch, and its
    /// one output is [N, classes]. Otherwise <see cref="Graph"/> is served.
    /// </summary>
    public bool ServesOriginal { get; }

    /// <summary>Whether nothing is needed, so that images can be classified.</summary>
    public bool IsComplete => Findings.Needs.Count == 0;

    /// <summary>Returns the object itself if it is complete.</summary>
    /// <param name="path">The file, which the message names.</param>
    /// <exception cref="FoveaException">Something is needed; the message has all needs.</exception>
    public AdoptedModel Complete(string path) => IsComplete
        ? this
        : throw new FoveaException(ErrorCode.BadModelFile, $"{path} cannot be served yet: {string.Join(" ", Findings.Needs)}");

    /// <summary>The adopted graph with the facts about its adoption in its metadata.</summary>
    /// <param name="sha256">The SHA-256 of the original file, in hexadecimal.</param>
    /// <param name="settings">The settings of the adoption.</param>
    /// <param name="withoutWeights">Whether only the metadata are needed, since the original file is served.</param>
    internal Graph WithRecord(string sha256, AdoptionSettings settings, bool withoutWeights = false)
    {
        var graph = withoutWeights ? new Graph(Graph.Name) : Graph;
        Metadata.WriteTo(graph);
        new AdoptionRecord(sha256, settings.Hash(), Classes, Findings, Original, withoutWeights).WriteTo(graph);
        return graph;
    }
}
