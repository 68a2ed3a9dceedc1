using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>
/// Remembers the inputs and outputs of a graph before adoption. After adoption, finds the original input and output that differ from the
/// adopted ones only in name, type and layout.
/// </summary>
internal sealed class OriginalTensors(Graph graph)
{
    private readonly (string Name, ElementType Type, Shape Shape)[] inputs = [.. graph.Inputs.Select(Known)], outputs =
        [.. graph.Outputs.Select(Known)];

    /// <summary>The type that the file declares for an input.</summary>
    public ElementType TypeOf(Value input) => inputs.First(original => original.Name == input.Name).Type;

    /// <summary>The original form of the adopted graph's input and output.</summary>
    /// <param name="draft">The draft after all passes.</param>
    public OriginalForm Form(AdoptionDraft draft) => new(Input(draft), Output(draft));

    private OriginalTensor? Input(AdoptionDraft draft)
    {
        var adopted = draft.Graph.Inputs[0];
        var (name, type, shape) = inputs.First(original => original.Name == adopted.Name);
        var known = Declared(type);
        if ((shape.IsRanked && shape.Rank != 4) || !OriginalForm.IsCast(known) || adopted.Shape.Dimensions.Skip(1).Contains(Shape.Free))
        {
            return null;
        }

        var (batch, channels, height, width) = (adopted.Shape[0], adopted.Shape[1], adopted.Shape[2], adopted.Shape[3]);
        return draft.WasChannelsLast
            ? new(name, known, [batch, height, width, channels], ChannelsLast: true)
            : new(name, known, [batch, channels, height, width]);
    }

    // The original output may have additional axes of length 1: clients get the same numbers.
    private OriginalTensor? Output(AdoptionDraft draft)
    {
        var (name, type, shape) = outputs.FirstOrDefault(original => original.Name == draft.ScoresName);
        var known = Declared(type);
        var adopted = draft.Graph.Outputs[0].Shape;
        if (name is null || !draft.KeepsScores || !OriginalForm.IsCast(known) || !adopted.IsRanked || (shape.IsRanked && shape.Rank < 2))
        {
            return null;
        }

        int columns = OutputShape.Columns(draft.Graph.Outputs[0]);
        int[] others = shape.IsRanked ? [.. shape.Dimensions.Skip(1)] : [columns];
        return new(name, known, [adopted[0], .. others.Aggregate(1, (size, d) => size * d) == columns ? others : [columns]]);
    }

    private static ElementType Declared(ElementType type) => type == ElementType.Unknown ? ElementType.Float : type;

    private static (string Name, ElementType Type, Shape Shape) Known(Value value) => (value.Name, value.Type, value.Shape);
}
