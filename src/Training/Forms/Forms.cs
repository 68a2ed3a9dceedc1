using Fovea.Models;

namespace Fovea.Training;

/// <summary>
/// How the operators of a training graph are computed. Differentiation says what is to be computed; here each operator gets the form that the
/// runtime executes fastest for its shapes, and operators that only stand for a gradient become real ones.
/// </summary>
internal sealed class Forms
{
    /// <summary>The operator set of what stands for a gradient until it has a form.</summary>
    public const string Domain = "fovea";

    private readonly Graph graph;
    private readonly Layouts layouts;
    private readonly Dictionary<Value, Node[]> readers;
    private readonly HashSet<Value> activated = [];

    private Forms(Graph source, Graph target)
    {
        (graph, layouts) = (target, new Layouts(target));
        readers = source.Nodes
            .SelectMany(node => node.Inputs.OfType<Value>().Distinct().Select(input => (input, node)))
            .GroupBy(use => use.input, use => use.node)
            .ToDictionary(uses => uses.Key, uses => uses.ToArray());
    }

    /// <summary>A graph that computes the same as a training graph.</summary>
    /// <returns>The graph, and what stands in it for each value of the other.</returns>
    public static (Graph Graph, IReadOnlyDictionary<Value, Value> Values) Of(Graph source)
    {
        var target = new Graph(source.Name);
        foreach (var (domain, version) in source.OperatorSets.Where(set => set.Key != Domain))
        {
            target.OperatorSets[domain] = version;
        }

        var values = source.Inputs.ToDictionary(input => input, input => target.Input(input.Name, input.Type, input.Shape));
        source.CopyTo(target, values, new Forms(source, target).Of);
        foreach (var output in source.Outputs)
        {
            target.Output(values[output]);
        }

        target.Prune();
        return (target, values);
    }

    private IReadOnlyList<Value>? Of(Node node, Value?[] inputs) => (node.Domain, node.Op) switch
    {
        ("", "Conv") => One(Conv(node, inputs)),
        ("", "ConvTranspose") => One(ConvForms.InputGradient(layouts, node, inputs)),
        (Domain, ConvRule.WeightGradientOp) => One(WeightGradientForms.Of(layouts, node, inputs[0]!, inputs[1]!)),
        ("", "LRN") => One(LrnRule.Forward(graph, inputs[0]!, node)),
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
