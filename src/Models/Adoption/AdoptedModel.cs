using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;

namespace Fovea.Models.Adoption;

/// <summary>
/// A model file of other software, converted to the form of Fovea's own files, with findings that say what was read and changed.
/// </summary>
public sealed class AdoptedModel
{
    internal AdoptedModel(Graph graph, ModelMetadata metadata, int classes, Findings findings, OriginalForm original, bool isOriginal) =>
        (Graph, Metadata, Classes, Findings, Original, ServesOriginal) = (graph, metadata, classes, findings, original, isOriginal);

    /// <summary>
    /// The adopted graph. Its input is <c>input</c>, floats of shape [N, C, H, W]. Its output is <c>logits</c>, of shape [N, classes], or
    /// [N, features] for a base without a classifier head. The graph's metadata properties hold <see cref="Metadata"/>.
    /// </summary>
    public Graph Graph { get; }

    /// <summary>The labels, preprocessing and activation. A property is <c>null</c> while it is unknown.</summary>
    public ModelMetadata Metadata { get; }

    /// <summary>The number of classes; 0 for a base whose outputs are features.</summary>
    public int Classes { get; }

    /// <summary>The findings: facts read from the file, changes, assumptions and needs.</summary>
    public Findings Findings { get; }

    /// <summary>The input and output that the file had before adoption.</summary>
    public OriginalForm Original { get; }

    /// <summary>
    /// Whether the service runs the file unchanged, together with <see cref="Metadata"/>: the file's input is floats of shape [N, C, H, W]
    /// with a free batch size, and its one output is [N, classes]. Otherwise the service runs <see cref="Graph"/>.
    /// </summary>
    public bool ServesOriginal { get; }

    /// <summary>Whether the model can classify images: <see cref="Findings"/> contain no need.</summary>
    public bool IsComplete => Findings.Needs.Count == 0;

    /// <summary>Returns this object if <see cref="IsComplete"/> is true, and throws otherwise.</summary>
    /// <param name="path">The model file's path, for the error message.</param>
    /// <exception cref="FoveaException">The model has needs; the message lists all of them.</exception>
    public AdoptedModel Complete(string path) => IsComplete
        ? this
        : throw new FoveaException(ErrorCode.BadModelFile, $"{path} cannot be served yet: {string.Join(" ", Findings.Needs)}");

    /// <summary>The adopted graph, with an <see cref="AdoptionRecord"/> in its metadata properties.</summary>
    /// <param name="sha256">The SHA-256 of the original file, in hexadecimal.</param>
    /// <param name="settings">The settings of the adoption.</param>
    /// <param name="withoutWeights">Whether to leave out nodes and weights, because the original file is served.</param>
    internal Graph WithRecord(string sha256, AdoptionSettings settings, bool withoutWeights = false)
    {
        var graph = withoutWeights ? new Graph(Graph.Name) : Graph;
        Metadata.WriteTo(graph);
        new AdoptionRecord(sha256, settings.Hash(), Classes, Findings, Original, withoutWeights).WriteTo(graph);
        return graph;
    }
}
