using Fovea.Models;

namespace Fovea.Training;

/// <summary>What computes a node, given its inputs in the graph that is made: a value for each output; null: the node as it is.</summary>
internal delegate IReadOnlyList<Value>? Form(Node node, Value?[] inputs);

/// <summary>
/// How the operators of a training graph are computed. Differentiation says what is to be computed; here each operator gets the form that the
/// runtime executes fastest for its shapes and device, and operators that only stand for a gradient become real ones.
/// </summary>
internal static class Forms
{
    /// <summary>The operator set of what stands for a gradient until it has a form.</summary>
    public const string Domain = "fovea";

    /// <summary>A graph that computes the same as a training graph.</summary>
    /// <param name="source">The training graph.</param>
    /// <param name="cuda">Whether it will run on CUDA instead of the CPU.</param>
    /// <returns>The graph, and what stands in it for each value of the other.</returns>
    public static (Graph Graph, IReadOnlyDictionary<Value, Value> Values) Of(Graph source, bool cuda = false)
    {
        var target = new Graph(source.Name);
        foreach (var (domain, version) in source.OperatorSets.Where(set => set.Key != Domain))
        {
            target.OperatorSets[domain] = version;
        }

        var values = source.Inputs.ToDictionary(input => input, input => target.Input(input.Name, input.Type, input.Shape));
        Form form = cuda ? new CudaForms(target).Of : new CpuForms(source, target).Of;
        source.CopyTo(target, values, (node, inputs) => form(node, inputs));
        foreach (var output in source.Outputs)
        {
            target.Output(values[output]);
        }

        target.Prune();
        return (target, values);
    }
}
