using Fovea.Models;

namespace Fovea.Training;

/// <summary>Adds nodes that compute a source graph's node to a target graph.</summary>
/// <param name="node">A node of the source graph.</param>
/// <param name="inputs">Its inputs in the target graph.</param>
/// <returns>A value for each output of the node; null copies the node unchanged.</returns>
internal delegate IReadOnlyList<Value>? Form(Node node, Value?[] inputs);

/// <summary>
/// Rewrites a training graph for the device that runs it. Each operator gets the form that ONNX Runtime executes fastest for its shapes and
/// device. Placeholder operators of differentiation, which ONNX Runtime does not know, become ONNX operators.
/// </summary>
internal static class Forms
{
    /// <summary>The operator set of the placeholder operators, which exist only until a graph is rewritten.</summary>
    public const string Domain = "fovea";

    /// <summary>Rewrites a training graph.</summary>
    /// <param name="source">The training graph; it is not changed.</param>
    /// <param name="cuda">Whether the graph will run on CUDA instead of the CPU.</param>
    /// <returns>A graph that computes the same, and its value for each value of the source graph.</returns>
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
