using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Metadata;

namespace Fovea.Models.Adoption;

/// <summary>The state that adoption's passes hand on: the graph so far, what is known from elsewhere, and the findings.</summary>
internal sealed class AdoptionDraft(Graph graph, ModelMetadata given, Sidecars sidecars, GraphRun run)
{
    private readonly OrderedDictionary<string, string> found = [];
    private readonly List<string> changed = [], assumed = [], needs = [];

    /// <summary>The graph. At first that of the file, at the end the adopted one.</summary>
    public Graph Graph { get; set; } = graph;

    /// <summary>The inputs and outputs of the file.</summary>
    public OriginalTensors Original { get; } = new(graph);

    /// <summary>Whether the file's input is [N, H, W, C].</summary>
    public bool WasChannelsLast { get; set; }

    /// <summary>The name of the value in the file that holds the scores of the classes.</summary>
    public string? ScoresName { get; set; }

    /// <summary>Whether the adopted output has the numbers of that value.</summary>
    public bool KeepsScores { get; set; } = true;

    /// <summary>The metadata that model.json, Fovea's own properties or the command line give.</summary>
    public ModelMetadata Given { get; set; } = given;

    /// <summary>The metadata that the file's other properties and the files beside it give.</summary>
    public Sidecars Sidecars { get; } = sidecars;

    /// <summary>Runs graphs, to compare them and to learn a shape.</summary>
    public GraphRun Run { get; } = run;

    /// <summary>Whether the graph computes something else, or in another form, than the file does.</summary>
    public bool IsChanged => changed.Count > 0;

    /// <summary>The labels, with their source; <c>null</c> if nothing names the classes.</summary>
    public SourcedLabels? Labels { get; set; }

    /// <summary>How an image becomes the input; <c>null</c> if that is not known yet.</summary>
    public Preprocessing? Preprocessing { get; set; }

    /// <summary>What is applied to the adopted graph's output.</summary>
    public Activation Activation { get; set; }

    /// <summary>The number of classes; 0 if the graph has features and no classes.</summary>
    public int Classes { get; set; }

    /// <summary>Whether the file's input holds whole numbers, which can only be pixels of 0 to 255.</summary>
    public bool TakesWholeNumbers { get; set; }

    /// <summary>
    /// The number that is taken off each pixel of 0 to 255 so that it fits the type of the file's input: 128 for signed bytes.
    /// </summary>
    public float PixelShift { get; set; }

    /// <summary>The class names that the graph itself holds, for example in a ZipMap.</summary>
    public SourcedLabels? LabelsInGraph { get; set; }

    /// <summary>The findings so far.</summary>
    public Findings Findings => new(found, changed, assumed, needs);

    /// <summary>Adds what was found.</summary>
    public void Found(string key, string sentence) => found[key] = sentence;

    /// <summary>Replaces the graph.</summary>
    public void Change(Graph graph, string sentence)
    {
        Graph = graph;
        changed.Add(sentence);
    }

    /// <summary>Adds a change that was made already.</summary>
    public void Changed(string sentence) => changed.Add(sentence);

    /// <summary>Adds an assumption.</summary>
    public void Assume(string sentence) => assumed.Add(sentence);

    /// <summary>Adds a need; the sentence names the line of model.json that supplies it.</summary>
    public void Need(string sentence) => needs.Add(sentence);

    /// <summary>An error about the file.</summary>
    public static FoveaException Refused(string reason) => new(ErrorCode.BadModelFile, reason);
}
