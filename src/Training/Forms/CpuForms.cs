using Fovea.Models;

namespace Fovea.Training;

/// <summary>Chooses the fastest form of each node for ONNX Runtime's CPU provider.</summary>
internal sealed class CpuForms
{
    private readonly Graph graph;
    private readonly Layouts layouts;

    // The nodes of the source graph that read each value.
    private readonly Dictionary<Value, Node[]> readers;

    // Convolution results in the target graph that already include their Relu.
    private readonly HashSet<Value> activated = [];

    /// <summary>Prepares the conversion of a graph.</summary>
    /// <param name="source">The graph whose nodes are converted.</param>
    /// <param name="target">The graph to which the converted nodes are added.</param>
    public CpuForms(Graph source, Graph target)
    {
        (graph, layouts) = (target, new Layouts(target));
        readers = source.Nodes
            .SelectMany(node => node.Inputs.OfType<Value>().Distinct().Select(input => (input, node)))
            .GroupBy(use => use.input, use => use.node)
            .ToDictionary(uses => uses.Key, uses => uses.ToArray());
    }

    /// <summary>Adds the form of a node and returns its outputs; returns null to copy the node unchanged.</summary>
    /// <param name="node">A node of the source graph.</param>
    /// <param name="inputs">Its inputs in the target graph.</param>
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

    // If a Relu is the only reader of a convolution, the convolution computes the Relu too.
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
