namespace Fovea.Models;

/// <summary>
/// Brings a network that anybody exported into the form of Fovea's own files: one input <c>input</c>, [N, C, H, W] of floats with a free
/// batch. Halves become floats, and weights that an exporter wrote once for several layers become weights of their own. Metadata stay behind: they
/// describe the network as it was.
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

        var given = InputOf(source);
        bool channelsLast = IsChannelsLast(given.Shape);
        Shape fitting = channelsLast ? new(given.Shape[3], given.Shape[1], given.Shape[2]) : new([.. given.Shape.Dimensions[1..]]);
        if (fitting.Dimensions.Zip(image.Dimensions).Any(d => d.First != d.Second && d.First != Shape.Free))
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"{source.Name} takes images of {fitting}, and its preprocessing makes {image}; expected the same.");
        }

        batch = given.Shape[0];
        var input = target.Input(InputName, ElementType.Float, new Shape([Shape.Free, .. image.Dimensions]));
        values[given] = channelsLast ? target.Add("Transpose", [input], [("perm", new long[] { 0, 2, 3, 1 })], ChannelsLastName).Output : input;
    }

    /// <summary>The part of a network that computes one of its values, in standard form; that value is its output.</summary>
    /// <param name="network">The network as it was read.</param>
    /// <param name="computed">The value.</param>
    /// <param name="image">[C, H, W], in place of sizes that the network leaves free.</param>
    /// <exception cref="FoveaException">The network takes something else than images of that size.</exception>
    public static Graph Of(Graph network, Value computed, Shape image)
    {
        var form = new StandardForm(network, image);
        form.CopyUpTo(computed);
        return form.target;
    }

    /// <summary>The image that a network takes.</summary>
    /// <exception cref="FoveaException">It takes something else than one batch of images.</exception>
    public static Value InputOf(Graph network) =>
        network.Inputs is [{ Type: ElementType.Float or ElementType.Float16, Shape: { Rank: 4 } shape } input] && (shape[1] is 1 or 3 || IsChannelsLast(shape)) ? input
        : throw new FoveaException(ErrorCode.BadModelFile, $"{network.Name} takes {string.Join(", ", network.Inputs)}; expected one batch of images, [N, C, H, W] of floats with 1 or 3 channels.");

    private static bool IsChannelsLast(Shape shape) => shape[3] is 1 or 3 && shape[1] is not (1 or 3);

    private void CopyUpTo(Value computed)
    {
        var needed = Needed(computed);
        foreach (var (value, tensor) in source.Initializers.Where(i => needed.Contains(i.Key)))
        {
            values[value] = target.Initializer(Free(value.Name), ToFloats(tensor));
        }

        foreach (var node in source.Nodes.Where(node => node.Outputs.Any(needed.Contains)))
        {
            // Exporters write equal weights of different layers once, and copy them.
            if (node is { Op: "Identity", Domain: "" } && source.Initializers.TryGetValue(node[0], out var copied))
            {
                values[node.Output] = target.Initializer(Free(node.Output.Name), ToFloats(copied));
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
        if (FreeOfBatch(node) is { } shape)
        {
            inputs[1] = target.Initializer($"{node.Name}:shape", shape);
        }

        var copy = target.Add(
            node.Op, inputs, [.. node.Attributes.Select(a => (a.Key, Converted(a.Key, a.Value)))], node.Name, node.Domain, [.. node.Outputs.Select(output => Free(output.Name))]);
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

    // A shape that repeats a fixed batch says 0 instead: the batch of what is reshaped.
    private Tensor? FreeOfBatch(Node node) =>
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

    private static string Free(string name) => name is InputName or OutputName or ChannelsLastName ? $"{name}_inside" : name;

    private static Tensor ToFloats(Tensor tensor) => tensor.Type == ElementType.Float16 ? new StoredTensor(tensor.Type, tensor.Shape, tensor.Bytes).ToFloats() : tensor;
}
