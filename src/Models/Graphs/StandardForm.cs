using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Fovea.Models.Errors;

namespace Fovea.Models.Graphs;

/// <summary>
/// Converts a network that other software exported to the form of Fovea's own files. The result has one input <c>input</c>, floats of shape
/// [N, C, H, W] with a free batch size. Half-precision numbers become floats. Weights that several layers share become separate weights.
/// Metadata are not copied, since they describe the original network.
/// </summary>
internal sealed class StandardForm
{
    private const string InputName = "input", OutputName = "logits", ChannelsLastName = "input_channels_last";

    private readonly Graph source, target;
    private readonly Dictionary<Value, Value> values = [];
    private readonly int batch;

    private StandardForm(Graph source, Shape image)
    {
        this.source = source;
        target = new Graph(source.Name);
        foreach (var (domain, version) in source.OperatorSets)
        {
            target.OperatorSets[domain] = version;
        }

        var original = InputOf(source);
        bool channelsLast = IsChannelsLast(original.Shape);
        Shape accepted = channelsLast
            ? new(original.Shape[3], original.Shape[1], original.Shape[2])
            : new([.. original.Shape.Dimensions[1..]]);
        if (accepted.Dimensions.Zip(image.Dimensions).Any(d => d.First != d.Second && d.First != Shape.Free))
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"The preprocessing of {source.Name} makes images of {image}; expected {accepted}, the network's input.");
        }

        batch = original.Shape[0];
        var input = target.Input(InputName, ElementType.Float, new Shape([Shape.Free, .. image.Dimensions]));
        values[original] = channelsLast
            ? target.Add("Transpose", [input], [("perm", new long[] { 0, 2, 3, 1 })], ChannelsLastName).Output
            : input;
    }

    /// <summary>Returns the part of a network that computes one value, in standard form. The value is the only output.</summary>
    /// <param name="network">The network, which is not changed.</param>
    /// <param name="computed">The value of <paramref name="network"/> that becomes the output.</param>
    /// <param name="image">The shape of one image, [C, H, W]; it replaces dimensions that the network's input leaves free.</param>
    /// <exception cref="FoveaException">The network's input is not a batch of images of this shape.</exception>
    public static Graph Of(Graph network, Value computed, Shape image)
    {
        var form = new StandardForm(network, image);
        form.CopyUpTo(computed);
        return form.target;
    }

    /// <summary>The network's input of images.</summary>
    /// <exception cref="FoveaException">The network does not have exactly one input, a batch of images.</exception>
    public static Value InputOf(Graph network)
    {
        if (network.Inputs is [{ Type: ElementType.Float or ElementType.Float16, Shape: { Rank: 4 } shape } input]
            && (shape[1] is 1 or 3 || IsChannelsLast(shape)))
        {
            return input;
        }

        var inputs = network.Inputs.Count == 0 ? "none" : string.Join(", ", network.Inputs);
        throw new FoveaException(
            ErrorCode.BadModelFile,
            $"The inputs of {network.Name} are {inputs}; expected one batch of images, [N, C, H, W] of floats with 1 or 3 channels.");
    }

    private static bool IsChannelsLast(Shape shape) => shape[3] is 1 or 3 && shape[1] is not (1 or 3);

    private void CopyUpTo(Value computed)
    {
        var needed = Needed(computed);
        foreach (var (value, tensor) in source.Initializers.Where(i => needed.Contains(i.Key)))
        {
            values[value] = target.Initializer(Unreserved(value.Name), ToFloats(tensor));
        }

        foreach (var node in source.Nodes.Where(node => node.Outputs.Any(needed.Contains)))
        {
            // Exporters store equal weights of several layers once, and refer to them with Identity nodes. Each Identity becomes a weight.
            if (node is { Op: "Identity", Domain: "" } && source.Initializers.TryGetValue(node[0], out var copied))
            {
                values[node.Output] = target.Initializer(Unreserved(node.Output.Name), ToFloats(copied));
                continue;
            }

            Copy(node);
        }

        target.Output(values[computed]);
        target.Prune();
    }

    private void Copy(Node node)
    {
        Value?[] inputs = [.. node.Inputs.Select(input => input is null ? null : values[input])];
        if (ShapeWithFreeBatch(node) is { } shape)
        {
            inputs[1] = target.Initializer($"{node.Name}:shape", shape);
        }

        string[] outputs = [.. node.Outputs.Select(output => Unreserved(output.Name))];
        var copy = target.Add(
            node.Op, inputs, [.. node.Attributes.Select(a => (a.Key, Converted(a.Key, a.Value)))], node.Name, node.Domain, outputs);
        foreach (var (from, to) in node.Outputs.Zip(copy.Outputs))
        {
            to.Type = to.Type == ElementType.Unknown ? from.Type : to.Type;
            values[from] = to;
        }

        object Converted(string name, object value) => value switch
        {
            Tensor tensor => ToFloats(tensor),
            (long)ElementType.Float16 when node.Op == "Cast" && name == "to" => (long)ElementType.Float,
            _ => value,
        };
    }

    // If a Reshape's shape begins with the fixed batch size, returns the shape with 0 instead: in a Reshape, 0 copies the input's
    // dimension, here the batch size. Null for other nodes.
    private Tensor? ShapeWithFreeBatch(Node node) =>
        batch != Shape.Free && node is { Op: "Reshape", Domain: "" } && node[0].Shape is { Rank: > 0 } shape && shape[0] == batch
        && PartialValues.Of(node[1]) is { Length: > 0 } elements && elements[0] == batch && !elements.Contains(null)
            ? Tensor.Of([0, .. elements.Skip(1).Select(element => element!.Value)])
            : null;

    private HashSet<Value> Needed(Value computed)
    {
        HashSet<Value> needed = [computed];
        foreach (var node in source.Nodes.Reverse().Where(node => node.Outputs.Any(needed.Contains)))
        {
            needed.UnionWith(node.Inputs.OfType<Value>());
        }

        return needed;
    }

    // Adds a suffix to a name that the standard form uses for another value.
    private static string Unreserved(string name) => name is InputName or OutputName or ChannelsLastName ? $"{name}_inside" : name;

    private static Tensor ToFloats(Tensor tensor) =>
        tensor.Type == ElementType.Float16 ? Widened(tensor) : tensor;

    private static Tensor Widened(Tensor halves) => Tensor.Drawn(
        halves.Shape, floats => TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(halves.Bytes.Span), floats));
}
