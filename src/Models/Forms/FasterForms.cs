namespace Fovea.Models;

/// <summary>Rewrites a network for ONNX Runtime on CPUs: what it computes stays the same but for rounding.</summary>
internal static class FasterForms
{
    /// <summary>Grows with each change of what is rewritten, and how: measurements of older rewrites count no more.</summary>
    public const int Version = 3;

    /// <summary>The same network, with operators in forms that may run faster; null where it has none of them.</summary>
    /// <param name="network">In operator set 13 or a later one, of images of a known size.</param>
    public static Graph? Of(Graph network)
    {
        var rewritten = network.EmptyCopy();
        var values = network.Inputs.ToDictionary(input => input, input => rewritten.Input(input.Name, input.Type, input.Shape));
        int changed = 0;
        network.CopyTo(rewritten, values, (node, inputs) => network.Outputs.Contains(node.Output) ? null : Form(node, inputs));
        foreach (var output in network.Outputs)
        {
            rewritten.Output(values[output]);
        }

        // What a form stands for together with its node is still there.
        rewritten.Prune();
        return changed == 0 ? null : rewritten;

        IReadOnlyList<Value>? Form(Node node, Value?[] inputs)
        {
            Value? form = Winograd.Suits(node) ? Winograd.Form(rewritten, node, inputs)
                : ResponseNormalization.Suits(node) ? ResponseNormalization.Form(rewritten, node, inputs[0]!)
                : PairedColumns.Suits(node) ? PairedColumns.Form(rewritten, node, values)
                : null;
            changed += form is null ? 0 : 1;
            return form is null ? null : [form];
        }
    }
}
