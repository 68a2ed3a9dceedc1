using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fovea.Models.Errors;
using Fovea.Models.Onnx;
using Google.Protobuf.Collections;

namespace Fovea.Models.Graphs;

/// <summary>Converts a parsed ONNX message to a <see cref="Graph"/>.</summary>
internal sealed class OnnxReader
{
    private readonly ExternalTensors external;

    private OnnxReader(string? folder) => external = new(folder);

    /// <summary>
    /// Builds a graph and infers its shapes. Sorts the nodes into the order in which they run, replaces calls of functions that the file
    /// defines by the functions' nodes, and reads tensors in other files. Error messages do not contain the path; the caller adds it.
    /// </summary>
    /// <param name="model">The parsed file.</param>
    /// <param name="folder">
    /// The folder of the file; <c>null</c> if the content does not come from a file, so that tensors in other files are refused.
    /// </param>
    /// <param name="changes">Receives a sentence for each kind of change.</param>
    /// <exception cref="FoveaException">The message has no graph, has invalid nodes or tensors, or uses an unsupported feature.</exception>
    public static Graph FromProto(ModelProto model, string? folder, ICollection<string> changes)
    {
        var reader = new OnnxReader(folder);
        var graph = reader.FromProto(model, changes);
        if (reader.external.Count > 0)
        {
            changes.Add($"{reader.external.Count} tensors were moved from {string.Join(", ", reader.external.Files)} into the graph.");
        }

        return graph;
    }

    private Graph FromProto(ModelProto model, ICollection<string> changes)
    {
        if (model.Graph is null || model.OpsetImport.Count == 0)
        {
            throw new FoveaException(ErrorCode.BadModelFile, "the file has no graph or no operator set, so it is not an ONNX file.");
        }

        LocalFunctions.Inline(model, changes);
        NodeOrder.Sort(model.Graph, changes);
        var graph = new Graph(model.Graph.Name);
        foreach (var set in model.OpsetImport)
        {
            graph.OperatorSets[set.Domain == "ai.onnx" ? "" : set.Domain] = set.Version;
        }

        foreach (var property in model.MetadataProps)
        {
            graph.Metadata[property.Key] = property.Value;
        }

        // Before IR version 4, every initializer was also listed as an input.
        var values = new Dictionary<string, Value>();
        var weights = model.Graph.Initializer.Select(tensor => tensor.Name).ToHashSet();
        foreach (var input in model.Graph.Input.Where(input => !weights.Contains(input.Name)))
        {
            var (type, shape) = FromProto(input.Type);
            values[input.Name] = graph.Input(input.Name, type, shape);
        }

        foreach (var tensor in model.Graph.Initializer)
        {
            values[tensor.Name] = tensor.DataType == (int)ElementType.Text && tensor.StringData.Count == Dimensions(tensor).Size
                ? graph.TextConstant(tensor.Name, Dimensions(tensor), [.. tensor.StringData.Select(text => text.ToStringUtf8())])
                : graph.Initializer(tensor.Name, FromProto(tensor));
        }

        AddNodes(graph, model.Graph.Node, Declarations(model.Graph), values);
        foreach (var output in model.Graph.Output)
        {
            graph.Output(Find(values, output.Name));
        }

        FreeOutputs(graph, model.Graph, changes);
        return graph;
    }

    // Some files declare a fixed batch size for an output although the input's batch size is free. ONNX Runtime then refuses other batch
    // sizes.
    private static void FreeOutputs(Graph graph, GraphProto file, ICollection<string> changes)
    {
        var shapes = file.Output.Select(output => FromProto(output.Type).Item2);
        if (graph.Outputs.Zip(shapes).Any(o => o.First.Shape is { Rank: > 0 } shape && shape[0] == Shape.Free
            && o.Second.Rank == shape.Rank && o.Second[0] != Shape.Free))
        {
            changes.Add("The outputs have a free batch size, like the input, instead of the fixed one that the file declares.");
        }
    }

    private static ILookup<string, TypeProto> Declarations(GraphProto graph) =>
        graph.ValueInfo.Concat(graph.Output).ToLookup(value => value.Name, value => value.Type);

    private void AddNodes(
        Graph graph, IEnumerable<NodeProto> nodes, ILookup<string, TypeProto> declared, Dictionary<string, Value> values)
    {
        foreach (var node in nodes)
        {
            if (node is { OpType: "If", Domain: "" or "ai.onnx" } && KnownBranch(node, values) is { } branch)
            {
                AddBranch(graph, node, branch, values);
                continue;
            }

            if (node.Attribute.Any(attribute => attribute.G is not null))
            {
                throw new FoveaException(
                    ErrorCode.BadModelFile,
                    $"the node {NameOf(node)} ({node.OpType}) decides at run time which other nodes run; expected a network without "
                    + "If, Loop and Scan.");
            }

            if (node.Output.Count == 0)
            {
                throw new FoveaException(
                    ErrorCode.BadModelFile, $"the node {node.Name} ({node.OpType}) has no output; expected at least one.");
            }

            var added = graph.Add(
                node.OpType,
                [.. node.Input.Select(input => input.Length == 0 ? null : Find(values, input))],
                [.. node.Attribute.Select(a => (a.Name, FromProto(a)))],
                NameOf(node),
                node.Domain == "ai.onnx" ? "" : node.Domain,
                [.. node.Output]);
            foreach (var output in added.Outputs.Where(output => output.Name.Length > 0))
            {
                var (type, shape) = FromProto(declared[output.Name].LastOrDefault());
                output.Type = output.Type == ElementType.Unknown ? type : output.Type;
                output.Shape = Merged(output.Shape, shape);
                values[output.Name] = output;
            }
        }
    }

    private static string NameOf(NodeProto node) => node.Name.Length > 0 ? node.Name : node.Output.FirstOrDefault() ?? "";

    // The branch that an If node always takes, if its condition depends only on shapes and constants; null otherwise.
    private static GraphProto? KnownBranch(NodeProto node, Dictionary<string, Value> values)
    {
        var condition = node.Input is [var name] ? values.GetValueOrDefault(name) : null;
        bool? holds = condition is null ? null
            : condition.Constant is { Type: ElementType.Bool, Shape.Size: 1 } constant ? constant.Bytes.Span[0] != 0
            : condition.Elements is [{ } element] ? element != 0
            : null;
        return holds is null ? null
            : node.Attribute.FirstOrDefault(a => a.Name == (holds.Value ? "then_branch" : "else_branch"))?.G;
    }

    // Adds the nodes of a branch in place of the If node. The branch can use the values of the surrounding graph, so nothing else changes.
    private void AddBranch(Graph graph, NodeProto node, GraphProto branch, Dictionary<string, Value> values)
    {
        foreach (var tensor in branch.Initializer)
        {
            values[tensor.Name] = graph.Initializer(tensor.Name, FromProto(tensor));
        }

        AddNodes(graph, branch.Node, Declarations(branch), values);
        foreach (var (inner, outer) in branch.Output.Zip(node.Output))
        {
            var copy = graph.Add("Identity", [Find(values, inner.Name)], name: outer, outputs: outer).Output;
            values[outer] = copy;
        }
    }

    private static Value Find(Dictionary<string, Value> values, string name) => values.GetValueOrDefault(name)
        ?? throw new FoveaException(
            ErrorCode.BadModelFile,
            $"the value {name} is used before a node computes it; expected the nodes in the order in which they run.");

    // A dimension that cannot be inferred comes from the file's declaration, except the first dimension: the batch size stays free.
    private static Shape Merged(Shape inferred, Shape declared) => !inferred.IsRanked ? declared
        : inferred.Rank != declared.Rank || inferred.IsKnown ? inferred
        : new Shape([.. inferred.Dimensions.Select((d, axis) => d == Shape.Free && axis > 0 ? declared[axis] : d)]);

    private static (ElementType, Shape) FromProto(TypeProto? type) => type?.TensorType is { } tensor
        ? ((ElementType)tensor.ElemType, FromProto(tensor.Shape))
        : (ElementType.Unknown, Shape.Unknown);

    private static Shape FromProto(TensorShapeProto? shape) => shape is null
        ? Shape.Unknown
        : new Shape([.. shape.Dim.Select(d => d.DimValue > 0 ? Dimension(d.DimValue) : Shape.Free)]);

    private static int Dimension(long value) => value is >= 0 and <= int.MaxValue
        ? (int)value
        : throw new FoveaException(ErrorCode.BadModelFile, $"a dimension is {value}; expected 0 to {int.MaxValue}.");

    private static Shape Dimensions(TensorProto tensor) => new([.. tensor.Dims.Select(Dimension)]);

    private Tensor FromProto(TensorProto tensor)
    {
        var (type, shape) = ((ElementType)tensor.DataType, Dimensions(tensor));
        if (tensor.DataLocation == TensorProto.Types.DataLocation.External)
        {
            return new Tensor(type, shape, external.Read(tensor, checked(shape.Size * type.SizeOf())));
        }

        return new Tensor(type, shape, tensor.RawData.Length > 0 ? tensor.RawData.Memory : TypedData(tensor, type));
    }

    // A tensor without raw bytes has its elements in a list per type. Small integers, booleans and 16-bit floats are stored as one int32
    // each.
    private static byte[] TypedData(TensorProto tensor, ElementType type) => type switch
    {
        ElementType.Float => Bytes(tensor.FloatData, x => x),
        ElementType.Double => Bytes(tensor.DoubleData, x => x),
        ElementType.Int64 => Bytes(tensor.Int64Data, x => x),
        ElementType.Int32 => Bytes(tensor.Int32Data, x => x),
        _ when type.SizeOf() == 2 => Bytes(tensor.Int32Data, x => (ushort)x),
        _ => Bytes(tensor.Int32Data, x => (byte)x),
    };

    private static byte[] Bytes<TFrom, TTo>(RepeatedField<TFrom> elements, Func<TFrom, TTo> convert)
        where TTo : unmanaged
    {
        var bytes = new byte[elements.Count * Unsafe.SizeOf<TTo>()];
        var typed = MemoryMarshal.Cast<byte, TTo>(bytes.AsSpan());
        for (int i = 0; i < typed.Length; i++)
        {
            typed[i] = convert(elements[i]);
        }

        return bytes;
    }

    private object FromProto(AttributeProto attribute) => attribute.Type switch
    {
        AttributeProto.Types.AttributeType.Float => attribute.F,
        AttributeProto.Types.AttributeType.Int => attribute.I,
        AttributeProto.Types.AttributeType.String => attribute.S.ToStringUtf8(),
        AttributeProto.Types.AttributeType.Tensor when attribute.T is { DataType: (int)ElementType.Text } =>
            attribute.T.StringData.Select(text => text.ToStringUtf8()).ToArray(),
        AttributeProto.Types.AttributeType.Tensor when attribute.T is not null => FromProto(attribute.T),
        AttributeProto.Types.AttributeType.Floats => attribute.Floats.ToArray(),
        AttributeProto.Types.AttributeType.Ints => attribute.Ints.ToArray(),
        AttributeProto.Types.AttributeType.Strings => attribute.Strings.Select(s => s.ToStringUtf8()).ToArray(),
        _ => throw new FoveaException(
            ErrorCode.BadModelFile,
            $"the attribute {attribute.Name} is of the unsupported type {attribute.Type}; expected numbers, text or a tensor."),
    };
}
