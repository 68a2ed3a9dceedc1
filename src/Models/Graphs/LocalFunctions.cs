using Fovea.Models.Errors;
using Fovea.Models.Onnx;

namespace Fovea.Models.Graphs;

/// <summary>
/// Replaces calls of functions by the functions' nodes. A model file may define functions; PyTorch's exporter writes such files.
/// </summary>
internal sealed class LocalFunctions
{
    // Limits of the number of nodes and the depth of calls after replacement. Without them, functions that call each other could fill the
    // memory.
    private const int MostNodes = 1_000_000, MostDepth = 100;

    private readonly Dictionary<(string, string, string), FunctionProto> functions;
    private readonly HashSet<string> called = [];
    private int calls, count;

    private LocalFunctions(ModelProto model) =>
        functions = model.Functions.ToLookup(f => (f.Domain, f.Name, f.Overload)).ToDictionary(f => f.Key, f => f.Last());

    /// <summary>Replaces all calls in a model's graph, and adds a sentence to <paramref name="changes"/> if there are any.</summary>
    /// <exception cref="FoveaException">Functions call each other without end, or unfold to more than a million nodes.</exception>
    public static void Inline(ModelProto model, ICollection<string> changes)
    {
        if (model.Functions.Count == 0)
        {
            return;
        }

        var inlining = new LocalFunctions(model);
        inlining.Inline(model.Graph, depth: 0);
        var sets = model.Functions.SelectMany(f => f.OpsetImport).Where(set => model.OpsetImport.All(own => own.Domain != set.Domain));
        foreach (var set in sets.DistinctBy(set => set.Domain).ToArray())
        {
            model.OpsetImport.Add(set);
        }

        model.Functions.Clear();
        if (inlining.calls > 0)
        {
            var names = string.Join(", ", inlining.called.Order().Take(5));
            changes.Add($"Calls of functions that the file defines ({names}) are replaced by the functions' nodes.");
        }
    }

    private void Inline(GraphProto graph, int depth)
    {
        var nodes = new List<NodeProto>();
        Add(graph.Node, nodes, depth);
        graph.Node.Clear();
        graph.Node.AddRange(nodes);
    }

    private void Add(IEnumerable<NodeProto> body, List<NodeProto> nodes, int depth)
    {
        foreach (var node in body)
        {
            if (!functions.TryGetValue((node.Domain, node.OpType, node.Overload), out var function))
            {
                // The branches of an If and the body of a Loop may call functions too.
                foreach (var inner in node.Attribute.Where(attribute => attribute.G is not null))
                {
                    Inline(inner.G, depth);
                }

                nodes.Add(node);
                count++;
                continue;
            }

            // A call counts as a node, because functions may consist of calls alone.
            if (depth == MostDepth || count + calls > MostNodes)
            {
                throw new FoveaException(
                    ErrorCode.BadModelFile,
                    $"the function {function.Name} unfolds to more than {MostNodes} nodes or {MostDepth} levels; expected fewer.");
            }

            called.Add(function.Name);
            Add(Body(node, function), nodes, depth + 1);
        }
    }

    // Copies of the function's nodes. The function's inputs and outputs get their names from the call; all other values get unique names.
    private List<NodeProto> Body(NodeProto call, FunctionProto function)
    {
        var prefix = $"{(call.Name.Length > 0 ? call.Name : function.Name)}:{++calls}/";
        var names = new Dictionary<string, string> { [""] = "" };
        foreach (var (formal, i) in function.Input.Select((name, i) => (name, i)))
        {
            names[formal] = i < call.Input.Count ? call.Input[i] : "";
        }

        foreach (var (formal, actual) in function.Output.Zip(call.Output).Where(pair => pair.Second.Length > 0))
        {
            // A function may return one of its inputs unchanged. Then no node computes the output, and an Identity node below copies it.
            _ = names.TryAdd(formal, actual);
        }

        var body = function.Node.Select(node => Renamed(node)).ToList();
        foreach (var (formal, actual) in function.Output.Zip(call.Output).Where(pair => names[pair.First] != pair.Second))
        {
            var copy = new NodeProto { OpType = "Identity", Name = $"{prefix}{formal}" };
            copy.Input.Add(names[formal]);
            copy.Output.Add(actual);
            body.Add(copy);
        }

        return body;

        string Name(string inner) => names.TryGetValue(inner, out var name) ? name : names[inner] = prefix + inner;

        NodeProto Renamed(NodeProto node)
        {
            var copy = node.Clone();
            copy.Name = prefix + node.Name;
            copy.Input.Clear();
            copy.Input.AddRange(node.Input.Select(Name));
            copy.Output.Clear();
            copy.Output.AddRange(node.Output.Select(Name));
            copy.Attribute.Clear();
            copy.Attribute.AddRange(node.Attribute.Select(attribute => Given(attribute, call, function)).OfType<AttributeProto>()
                .Select(attribute => attribute.G is null ? attribute : WithGraph(attribute, Name, Renamed)));
            return copy;
        }
    }

    // A graph inside the function can use the function's values, so all its names change in the same way.
    private static AttributeProto WithGraph(AttributeProto attribute, Func<string, string> name, Func<NodeProto, NodeProto> renamed)
    {
        var copy = attribute.Clone();
        foreach (var value in copy.G.Input.Concat(copy.G.Output).Concat(copy.G.ValueInfo))
        {
            value.Name = name(value.Name);
        }

        foreach (var tensor in copy.G.Initializer.Concat(copy.G.SparseInitializer.Select(sparse => sparse.Values).OfType<TensorProto>()))
        {
            tensor.Name = name(tensor.Name);
        }

        NodeProto[] nodes = [.. copy.G.Node.Select(renamed)];
        copy.G.Node.Clear();
        copy.G.Node.AddRange(nodes);
        return copy;
    }

    // An attribute of a function's node may refer to an attribute of the call. Returns null if the call does not have the attribute and the
    // function gives no default.
    private static AttributeProto? Given(AttributeProto attribute, NodeProto call, FunctionProto function)
    {
        if (attribute.RefAttrName.Length == 0)
        {
            return attribute;
        }

        var given = call.Attribute.Concat(function.AttributeProto).FirstOrDefault(a => a.Name == attribute.RefAttrName)?.Clone();
        given?.Name = attribute.Name;
        return given;
    }
}
