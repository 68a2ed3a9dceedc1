namespace Fovea.Models;

/// <summary>
/// Rewrites operators of a network to forms that ONNX Runtime computes faster on CPUs. The outputs are the same up to rounding.
/// </summary>
internal static class FasterForms
{
    /// <summary>
    /// The version of the rewrites. It increases with each change of the rewrites, so that measurements of an older version are not used.
    /// </summary>
    public const int Version = 3;

    /// <summary>Returns the network with its operators rewritten; <c>null</c> if no operator can be rewritten.</summary>
    /// <param name="network">A network of operator set 13 or later, whose images have a known size.</param>
    public static Graph? Of(Graph network)
    {
        var rewritten = network.EmptyCopy();
        var values = network.Inputs.ToDictionary(input => input, input => rewritten.Input(input.Name, input.Type, input.Shape));
        int changed = 0;
        network.CopyTo(rewritten, values, (node, inputs) => network.Outputs.Contains(node.Output) ? null : Rewrite(node, inputs));
        foreach (var output in network.Outputs)
        {
            rewritten.Output(values[output]);
        }

        // A rewrite of several nodes leaves all but the last one in the graph. Prune removes them, since nothing reads them any more.
        rewritten.Prune();
        return changed == 0 ? null : rewritten;

        IReadOnlyList<Value>? Rewrite(Node node, Value?[] inputs)
        {
            Value? replacement = Winograd.Suits(node) ? Winograd.Rewrite(rewritten, node, inputs)
                : ResponseNormalization.Suits(node) ? ResponseNormalization.Rewrite(rewritten, node, inputs[0]!)
                : PairedColumns.Suits(node) ? PairedColumns.Rewrite(rewritten, node, values)
                : null;
            changed += replacement is null ? 0 : 1;
            return replacement is null ? null : [replacement];
        }
    }
}
