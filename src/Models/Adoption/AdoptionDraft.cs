using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Metadata;

namespace Fovea.Models.Adoption;

/// <summary>
/// The state that one adoption pass hands to the next: the graph so far, the metadata from model.json and from files beside the model, and
/// the findings.
/// </summary>
internal sealed class AdoptionDraft(Graph graph, ModelMetadata given, Sidecars sidecars, GraphRun run)
{
    private readonly OrderedDictionary<string, string> found = [];
    private readonly List<string> changed = [], assumed = [], needs = [];

    /// <summary>The graph: the file's graph before the first pass, the adopted graph after the last.</summary>
    public Graph Graph { get; set; } = graph;

    /// <summary>The names, types and shapes of the file's inputs and outputs, as they were before the first pass.</summary>
    public OriginalTensors Original { get; } = new(graph);

    /// <summary>Whether the file's input is [N, H, W, C].</summary>
    public bool WasChannelsLast { get; set; }

    /// <summary>The name of the value in the file that holds the scores of the classes.</summary>
    public string? ScoresName { get; set; }

    /// <summary>
    /// The node that compares each score with a number, if the file's outputs are only the results; <c>null</c> for other files.
    /// </summary>
    public Node? Decision { get; set; }

    /// <summary>Whether the adopted output has the same numbers as the value named <see cref="ScoresName"/>.</summary>
    public bool KeepsScores { get; set; } = true;

    /// <summary>The metadata from model.json, Fovea's own properties in the file, or the command line.</summary>
    public ModelMetadata Given { get; set; } = given;

    /// <summary>The metadata from other software: from the file's other properties and from the files beside it.</summary>
    public Sidecars Sidecars { get; } = sidecars;

    /// <summary>Runs graphs, to compare two graphs or to measure an unknown shape.</summary>
    public GraphRun Run { get; } = run;

    /// <summary>Whether a pass changed the graph, so that its inputs, outputs or operators differ from the file's.</summary>
    public bool IsChanged => changed.Count > 0;

    /// <summary>The labels, with their source; <c>null</c> if nothing names the classes.</summary>
    public SourcedLabels? Labels { get; set; }

    /// <summary>The preprocessing that turns an image into the input; <c>null</c> while it is unknown.</summary>
    public Preprocessing? Preprocessing { get; set; }

    /// <summary>The activation that turns the adopted graph's output into probabilities.</summary>
    public Activation Activation { get; set; }

    /// <summary>The number of classes; 0 if the graph's outputs are features.</summary>
    public int Classes { get; set; }

    /// <summary>Whether the file's input holds whole numbers, which can only be pixels of 0 to 255.</summary>
    public bool TakesWholeNumbers { get; set; }

    /// <summary>
    /// The number subtracted from each pixel (0 to 255) so that the pixel fits the type of the file's input: 128 for signed bytes, else 0.
    /// </summary>
    public float PixelShift { get; set; }

    /// <summary>The class names that the graph itself holds, for example in a ZipMap.</summary>
    public SourcedLabels? LabelsInGraph { get; set; }

    /// <summary>The findings of the passes that have run: facts, changes, assumptions and needs.</summary>
    public Findings Findings => new(found, changed, assumed, needs);

    /// <summary>Records a fact under a key of <see cref="Adoption.Findings.Found"/>.</summary>
    public void Found(string key, string sentence) => found[key] = sentence;

    /// <summary>Replaces the graph and records the change.</summary>
    public void Change(Graph graph, string sentence)
    {
        Graph = graph;
        changed.Add(sentence);
    }

    /// <summary>Records a change to the graph without replacing the graph.</summary>
    public void Changed(string sentence) => changed.Add(sentence);

    /// <summary>Records an assumption, as one sentence.</summary>
    public void Assume(string sentence) => assumed.Add(sentence);

    /// <summary>Records a need. The sentence names the property of model.json that supplies the missing fact.</summary>
    public void Need(string sentence) => needs.Add(sentence);

    /// <summary>Creates the exception that refuses the model file.</summary>
    public static FoveaException Refused(string reason) => new(ErrorCode.BadModelFile, reason);
}
