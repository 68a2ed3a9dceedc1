using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Quantization;

namespace Fovea.Models.Rewrites;

/// <summary>Copies a graph, and replaces nodes by the rewrites that <see cref="RewriteTable"/> has for the graph's purpose.</summary>
internal static class RewritePass
{
    /// <summary>Rewrites a network for serving on CPUs.</summary>
    /// <param name="network">A network of operator set 13 or later, whose images have a known size.</param>
    /// <param name="threads">The number of threads of the session that will run the network.</param>
    /// <param name="sparesMemory">
    /// Whether memory is scarce. A rewrite that needs much memory is then used only if it saves much time.
    /// </param>
    /// <returns>The rewritten network; <c>null</c> if no operator can be rewritten.</returns>
    public static Graph? ForServing(Graph network, int threads = 1, bool sparesMemory = false)
    {
        // ONNX Runtime folds batch normalisations into convolutions, but not into the operators that replace convolutions.
        network = FoldedNormalization.Of(network);

        // A node that computes an output of the network is not rewritten, so that the output keeps its name.
        var (rewritten, _, count) = Run(
            network, RewriteUses.ServingOnCpu,
            (target, values) => new(network, target, values, block: 1) { Threads = threads, SparesMemory = sparesMemory },
            isKept: node => network.Outputs.Contains(node.Output));
        return count == 0 ? null : rewritten;
    }

    /// <summary>
    /// Calls a function that rewrites a network for serving. Returns null, so that the unchanged network runs, if the function fails: a
    /// defect in a rewrite must not make a model unusable.
    /// </summary>
    /// <param name="rewrite">Rewrites the network, and returns null if no operator can be rewritten.</param>
    /// <param name="failure">The reason of the failure; null if the function did not fail.</param>
    public static T? OrNull<T>(Func<T?> rewrite, out string? failure)
        where T : class
    {
        failure = null;
        try
        {
            return rewrite();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            failure = $"{(e is FoveaException ? "" : $"{e.GetType().Name}: ")}{e.Message}";
            return null;
        }
    }

    /// <summary>
    /// Rewrites a training graph. Replaces the placeholder operators that gradient rules emit, which ONNX Runtime does not implement.
    /// </summary>
    /// <param name="source">The training graph; it is not changed.</param>
    /// <param name="cuda">Whether the graph will run on CUDA instead of the CPU.</param>
    /// <param name="block">
    /// The number of channels in a block of ONNX Runtime's blocked layout on this CPU; 1 if the layout is not available.
    /// </param>
    /// <param name="threads">The number of threads of the session that will run the graph; null for one on each processor.</param>
    /// <returns>The rewritten graph, and its value for each value of the source graph.</returns>
    public static (Graph Graph, IReadOnlyDictionary<Value, Value> Values) ForTraining(
        Graph source, bool cuda, int block, int? threads = null)
    {
        var use = cuda ? RewriteUses.TrainingOnCuda : RewriteUses.TrainingOnCpu;
        var (graph, values, _) = Run(
            source, use, (target, values) => new(source, target, values, block) { Threads = threads ?? Environment.ProcessorCount },
            isKept: _ => false);
        return (graph, values);
    }

    private static (Graph Graph, Dictionary<Value, Value> Values, int Count) Run(
        Graph source, RewriteUses use, Func<Graph, IReadOnlyDictionary<Value, Value>, RewriteContext> begin, Func<Node, bool> isKept)
    {
        var target = source.EmptyCopy();
        target.OperatorSets.Remove(Placeholders.Domain);
        var values = source.Inputs.ToDictionary(input => input, input => target.Input(input.Name, input.Type, input.Shape));
        var context = begin(target, values);
        Rewrite[] rows = [.. RewriteTable.Rows.Where(row => row.Uses.HasFlag(use))];
        int count = 0;
        source.CopyTo(target, values, (node, inputs) => isKept(node) ? null : Form(node, inputs));
        foreach (var output in source.Outputs)
        {
            target.Output(values[output]);
        }

        // A rewrite of several nodes replaces only the last node. The copies of the others are now unused, and Prune removes them.
        target.Prune();
        return (target, values, count);

        IReadOnlyList<Value>? Form(Node node, Value?[] inputs)
        {
            var form = rows.Where(row => row.Suits(node)).Select(row => row.Emit(context, node, inputs)).FirstOrDefault(f => f is not null);
            count += form is null ? 0 : 1;
            return form;
        }
    }
}
