using Fovea.Models.Graphs;

namespace Fovea.Models.Rewrites;

/// <summary>The state of one pass of rewrites over a graph.</summary>
internal sealed class RewriteContext
{
    // The nodes of the source graph that read each value.
    private readonly Dictionary<Value, Node[]> readers;

    private readonly IList<Value> outputs;

    /// <summary>Prepares a pass.</summary>
    /// <param name="source">The graph whose nodes are rewritten.</param>
    /// <param name="target">The graph to which the replacements are added.</param>
    /// <param name="values">
    /// The value of <paramref name="target"/> for each value of <paramref name="source"/> that has been copied or replaced so far.
    /// </param>
    /// <param name="block">The number of channels in a block of ONNX Runtime's blocked layout; 1 if the layout is not available.</param>
    public RewriteContext(Graph source, Graph target, IReadOnlyDictionary<Value, Value> values, int block)
    {
        (Target, Values, Layouts) = (target, values, new Layouts(target, block));
        outputs = source.Outputs;
        readers = source.Nodes
            .SelectMany(node => node.Inputs.OfType<Value>().Distinct().Select(input => (input, node)))
            .GroupBy(use => use.input, use => use.node)
            .ToDictionary(uses => uses.Key, uses => uses.ToArray());
    }

    /// <summary>The graph to which the replacements are added.</summary>
    public Graph Target { get; }

    /// <summary>The value of <see cref="Target"/> for each value of the source graph that has been copied or replaced so far.</summary>
    public IReadOnlyDictionary<Value, Value> Values { get; }

    /// <summary>Conversions between memory layouts.</summary>
    public Layouts Layouts { get; }

    /// <summary>The number of threads of the session that will run the rewritten graph, among which an operator divides its work.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Whether memory is scarce. A rewrite that needs much memory is then used only if it saves much time.</summary>
    public bool SparesMemory { get; init; }

    /// <summary>The outputs of convolutions in <see cref="Target"/> that already include the Relu after the convolution.</summary>
    public HashSet<Value> Activated { get; } = [];

    /// <summary>
    /// The additions of the source graph that an operator before them already computes, with the result in <see cref="Target"/>.
    /// </summary>
    public Dictionary<Node, Value> Sums { get; } = [];

    /// <summary>
    /// The node that alone reads a node's first output; <c>null</c> if there are several or none, or if the graph returns the output.
    /// </summary>
    public Node? OnlyReader(Node node) => HasOneReader(node) ? readers[node.Output][0] : null;

    /// <summary>Whether a Relu is the only reader of a node's output, which is not an output of the graph.</summary>
    public bool FeedsOnlyRelu(Node node) => OnlyReader(node) is { Op: "Relu", Domain: "" };

    /// <summary>Whether one node reads a node's output, which is not an output of the graph.</summary>
    public bool HasOneReader(Node node) => readers.GetValueOrDefault(node.Output) is [_] && !outputs.Contains(node.Output);
}
