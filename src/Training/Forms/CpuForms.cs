using Fovea.Models;

namespace Fovea.Training;

/// <summary>Forms for ONNX Runtime's CPU provider.</summary>
internal sealed class CpuForms
{
    private readonly Graph graph;
    private readonly Layouts layouts;
    private readonly Dictionary<Value, Node[]> readers;
    private readonly HashSet<Value> activated = [];

    /// <summary>Forms for the nodes of one graph, added to another.</summary>
    public CpuForms(Graph source, Graph target)
    {
        (graph, layouts) = (target, new Layouts(target));
        readers = source.Nodes
            .SelectMany(node => node.Inputs.OfType<Value>().Distinct().Select(input => (input, node)))
            .GroupBy(use => use.input, use => use.node)
            .ToDictionary(uses => uses.Key, uses => uses.ToArray());
    }

    /// <summary>A node's form.</summary>
    public IReadOnlyList<Value>? Of(Node node, Value?[] inputs) => (node.Domain, node.Op) switch
    {
        ("", "Conv") => One(Conv(node, inputs)),
        ("", "ConvTranspose") => One(ConvForms.InputGradient(layouts, node, inputs)),
        (Forms.Domain, ConvRule.WeightGradientOp) => [WeightGradientForms.Of(layouts, node, inputs[0]!, inputs[1]!)],
        ("", "LRN") => [LrnRule.Forward(graph, inputs[0]!, node)],
        ("", "Relu") when activated.Contains(inputs[0]!) => [inputs[0]!],
        _ => null,
    };

    private static IReadOnlyList<Value>? One(Value? value) => value is null ? null : [value];

    // An activation that alone reads a convolution becomes part of it.
    private Value? Conv(Node node, Value?[] inputs)
    {
        bool relu = readers.GetValueOrDefault(node.Output) is [{ Op: "Relu", Domain: "" }];
        var y = ConvForms.Forward(layouts, node, inputs, relu);
        if (relu && y is not null)
        {
            activated.Add(y);
        }

        return y;
    }
}
