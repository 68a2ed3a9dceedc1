using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;

namespace Fovea.Models.Adoption;

/// <summary>
/// Adopts graphs of other software: reports what they are, and converts them to the form of Fovea's own files. An adopted graph computes
/// the same as the original. If a graph can be understood in two ways, adoption refuses it, or reports which line of model.json decides.
/// </summary>
internal static class Adopter
{
    private const string InputName = "input", OutputName = "logits";

    // The passes, in the order in which they run. The graph computes the same probabilities after each pass.
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
    /// <param name="graph">The graph of the model file. Adoption may change it.</param>
    /// <param name="given">The metadata from model.json, the command line, or Fovea's own properties in the file.</param>
    /// <param name="sidecars">The labels and preprocessing from the files beside the model file.</param>
    /// <param name="changes">The changes that reading the file already made, one sentence each.</param>
    /// <param name="run">Runs graphs, to compare two graphs or to measure an unknown shape.</param>
    /// <exception cref="FoveaException">
    /// The graph is not an image classifier, or it can be understood in two ways and no line of model.json can decide.
    /// </exception>
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
                $"The Open Inference Protocol (/v2) shows the input of the adopted form, {InputName} {draft.Graph.Inputs[0].Shape} of "
                    + "floats.");
        }

        if (draft.IsChanged && original.Output is null)
        {
            draft.Changed(
                $"The Open Inference Protocol (/v2) shows the output of the adopted form, {OutputName} {draft.Graph.Outputs[0].Shape} "
                    + "of floats.");
        }
    }

    // A copy of the graph with the input name, output name and metadata of Fovea's files. It omits the properties of other software,
    // because those describe the original graph.
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

        // The output's type is not known if an operator before it has no shape rule. The outputs of all adopted graphs are floats.
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
