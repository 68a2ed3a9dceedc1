using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;

namespace Fovea.Models.Adoption;

/// <summary>
/// Adopts graphs from elsewhere: says what they are, and gives them the form of Fovea's own files. What the graph computes stays the same.
/// Where the graph leaves two readings it is refused, or a need says which line of model.json decides.
/// </summary>
internal static class Adopter
{
    private const string InputName = "input", OutputName = "logits";

    // In the order in which they run; each leaves a graph that computes the same probabilities.
    private static readonly Action<AdoptionDraft>[] Passes =
    [
        OutputChoice.Run,
        StandardOperators.Run,
        InferenceMode.Run,
        OperatorSet.Run,
        FullPrecision.Run,
        ExportedNormalization.Run,
        InputRank.Run,
        InputForm.Run,
        FreeBatch.Run,
        ClassScores.Run,
    ];

    /// <summary>Adopts a graph.</summary>
    /// <param name="graph">The graph as it was read. It may be changed.</param>
    /// <param name="given">What model.json, the command line, or Fovea's properties in the file say.</param>
    /// <param name="sidecars">What the files beside it say.</param>
    /// <param name="changes">What reading has changed already.</param>
    /// <param name="run">Runs graphs, where a batch must be proven or a shape is unknown.</param>
    /// <exception cref="FoveaException">The graph is no classifier of images, or leaves two readings that no line decides.</exception>
    public static AdoptedModel Adopt(Graph graph, ModelMetadata given, Sidecars sidecars, IReadOnlyList<string> changes, GraphRun run)
    {
        sidecars.AddProperties(graph.Metadata);
        sidecars.AddConvention(graph);
        var draft = new AdoptionDraft(graph, given, sidecars, run);
        foreach (var sentence in changes)
        {
            draft.Changed(sentence);
        }

        foreach (var note in sidecars.Notes)
        {
            draft.Assume(note);
        }

        foreach (var pass in Passes)
        {
            pass(draft);
        }

        bool isOriginal = !draft.IsChanged;
        var original = draft.Original.Form(draft);
        SayWhatIsShown(draft, original);
        var metadata = given with
        {
            Labels = draft.Labels is { } labels ? [.. labels.Names] : null,
            Preprocessing = draft.Preprocessing,
            Activation = draft.Classes > 0 ? draft.Activation : null,
        };
        return new(Named(draft.Graph, metadata), metadata, draft.Classes, draft.Findings, original, isOriginal);
    }

    private static void SayWhatIsShown(AdoptionDraft draft, OriginalForm original)
    {
        if (draft.IsChanged && original.Input is null)
        {
            draft.Changed(
                $"The Open Inference Protocol (/v2) shows the adopted input, {InputName} {draft.Graph.Inputs[0].Shape} of floats.");
        }

        if (draft.IsChanged && original.Output is null)
        {
            draft.Changed(
                $"The Open Inference Protocol (/v2) shows the adopted output, {OutputName} {draft.Graph.Outputs[0].Shape} of floats.");
        }
    }

    // The graph with the names and the metadata of Fovea's files. Properties of other software are left out: they describe the original.
    private static Graph Named(Graph graph, ModelMetadata metadata)
    {
        var (input, output) = (graph.Inputs[0], graph.Outputs[0]);
        var copy = new GraphCopy(graph) { Rename = Name };
        copy.CopyInputs();
        copy.CopyNodes();
        var named = copy.Finish();
        if (!IsColumnsKnown(named.Outputs[0].Shape) && IsColumnsKnown(output.Shape))
        {
            named.Outputs[0].Shape = output.Shape;
        }

        // Behind an operator without a shape rule the type is not known either. All adopted graphs give floats.
        named.Outputs[0].Type = named.Outputs[0].Type == ElementType.Unknown ? ElementType.Float : named.Outputs[0].Type;
        named.Metadata.Clear();
        metadata.WriteTo(named);
        return named;

        string Name(Value value) => value == input ? InputName : value == output ? OutputName
            : value.Name is InputName or OutputName ? $"{value.Name}_of_the_original"
            : value.Name;
    }

    private static bool IsColumnsKnown(Shape shape) => shape.Rank == 2 && shape[1] > 0;
}
