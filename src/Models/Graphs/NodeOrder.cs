using Fovea.Models.Onnx;

namespace Fovea.Models.Graphs;

/// <summary>
/// Sorts the nodes of a file into the order in which they run. Some exporters, such as keras2onnx 1.5, write them in another order.
/// </summary>
internal static class NodeOrder
{
    /// <summary>
    /// Sorts the nodes so that each comes after the nodes that compute its inputs. If this changes the order, adds a sentence to
    /// <paramref name="changes"/>. Nodes that depend on themselves come last.
    /// </summary>
    public static void Sort(GraphProto graph, ICollection<string> changes)
    {
        var producers = new Dictionary<string, int>();
        foreach (var (node, i) in graph.Node.Select((node, i) => (node, i)))
        {
            foreach (var output in node.Output.Where(output => output.Length > 0))
            {
                producers.TryAdd(output, i);
            }
        }

        bool isSorted = graph.Node.Index().All(node => Read(node.Item).All(input => producers.GetValueOrDefault(input, -1) < node.Index));
        if (isSorted)
        {
            return;
        }

        var sorted = Sorted(graph, producers);
        graph.Node.Clear();
        graph.Node.AddRange(sorted);
        changes.Add("The nodes are sorted into the order in which they run.");
    }

    // If the inputs of several nodes are computed, the node that comes first in the file is next.
    private static List<NodeProto> Sorted(GraphProto graph, Dictionary<string, int> producers)
    {
        var missing = new int[graph.Node.Count];
        var readers = new List<int>[graph.Node.Count];
        for (int i = 0; i < missing.Length; i++)
        {
            readers[i] = [];
        }

        for (int i = 0; i < missing.Length; i++)
        {
            foreach (int producer in Read(graph.Node[i]).Where(producers.ContainsKey).Select(input => producers[input]).Distinct())
            {
                missing[i]++;
                readers[producer].Add(i);
            }
        }

        var ready = new PriorityQueue<int, int>(Enumerable.Range(0, missing.Length).Where(i => missing[i] == 0).Select(i => (i, i)));
        var sorted = new List<NodeProto>(missing.Length);
        var done = new HashSet<int>();
        while (ready.TryDequeue(out int next, out _))
        {
            sorted.Add(graph.Node[next]);
            done.Add(next);
            foreach (int reader in readers[next].Where(reader => --missing[reader] == 0))
            {
                ready.Enqueue(reader, reader);
            }
        }

        return [.. sorted, .. graph.Node.Where((_, i) => !done.Contains(i))];
    }

    // The names of the values that a node reads, and that the nodes of its inner graphs read, such as the body of a Loop.
    private static IEnumerable<string> Read(NodeProto node) =>
        node.Input.Concat(node.Attribute.Where(a => a.G is not null).SelectMany(a => a.G.Node).SelectMany(Read));
}
