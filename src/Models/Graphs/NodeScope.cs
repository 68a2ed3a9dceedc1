using Fovea.Models.Errors;

namespace Fovea.Models.Graphs;

/// <summary>
/// The values that a graph of an ONNX file can use, by their names in the file. A graph inside a node, such as the body of a Loop, can also
/// use the values of the graph around it.
/// </summary>
/// <param name="outer">The scope of the graph around this one; <c>null</c> for the file's main graph.</param>
/// <param name="prefix">
/// The prefix that makes names unique in the <see cref="Graph"/>: each repetition of a loop has values of the same names in the file.
/// </param>
internal sealed class NodeScope(NodeScope? outer = null, string prefix = "")
{
    private readonly Dictionary<string, Value> values = [];
    private readonly Dictionary<string, IReadOnlyList<Value>> lists = [];

    /// <summary>The prefix of all names that nodes of this graph get.</summary>
    public string Prefix { get; } = prefix;

    /// <summary>A tensor by its name in the file.</summary>
    /// <exception cref="FoveaException">No earlier node computes the value, or the value is a list of tensors.</exception>
    public Value this[string name]
    {
        get => Find(name) ?? throw new FoveaException(
            ErrorCode.BadModelFile,
            ListOf(name) is not null
                ? $"the value {name} is a list of tensors (a sequence); expected a tensor for all operators but those of lists."
                : $"the value {name} is used before a node computes it; expected the nodes in the order in which they run.");
        set => values[name] = value;
    }

    /// <summary>A tensor by its name in the file; <c>null</c> if no earlier node computes it.</summary>
    public Value? Find(string name) => values.GetValueOrDefault(name) ?? outer?.Find(name);

    /// <summary>The tensors of a list (an ONNX sequence) by its name in the file; <c>null</c> if there is no such list.</summary>
    public IReadOnlyList<Value>? ListOf(string name) => lists.GetValueOrDefault(name) ?? outer?.ListOf(name);

    /// <summary>Adds a list of tensors.</summary>
    public void AddList(string name, IReadOnlyList<Value> list) => lists[name] = list;

    /// <summary>Makes a tensor or a list of another scope available here.</summary>
    /// <param name="name">The name here.</param>
    /// <param name="from">The other scope.</param>
    /// <param name="source">The name there.</param>
    /// <exception cref="FoveaException">The other scope has no such value.</exception>
    public void Bind(string name, NodeScope from, string source)
    {
        if (from.ListOf(source) is { } list)
        {
            AddList(name, list);
        }
        else
        {
            this[name] = from[source];
        }
    }
}
