using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Runtime;
using Fovea.Training.Steps;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Benchmarks;

/// <summary>
/// Shows where a training step spends its time, from ONNX Runtime's profiler: the nodes of the gradient graph by operator, and by the layer
/// that they compute or differentiate. The time of a node is its median over the runs, so the first, slow runs do not count.
/// </summary>
internal static class StepProfile
{
    private const string KernelTime = "_kernel_time";
    private const int FewestRuns = 3, MostRuns = 100;

    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(3);

    public static int Run(string name, int? size)
    {
        int batch = size ?? TorchComparison.Batches.GetValueOrDefault(name, 8);
        var architecture = Catalog.Find(name);
        var network = architecture.Build(auxiliary: architecture.HasAuxiliary);
        var graph = new GradientGraph(network, batch).Graph;
        var nodes = Measure(graph, network);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}, batch {batch}: the {nodes.Count} nodes of the gradient graph take {nodes.Sum(node => node.Milliseconds):F2} ms"));

        var layers = network.Nodes.ToDictionary(node => node.Name);
        Print("operator, as ONNX Runtime has it", nodes, node => node.Op);
        Print("operator of the network, forward and back", nodes, node => (Layer(node)?.Op ?? "loss and the rest") + node.Direction);
        Print("layer, forward and back", nodes, node => (Layer(node)?.Name ?? node.Name) + node.Direction);
        return 0;

        Node? Layer(NodeTime node) => node.Paths.Select(layers.GetValueOrDefault).FirstOrDefault(layer => layer is not null);
    }

    // One node of ONNX Runtime's optimized graph. It has the name of our node, with a mark if it was fused or has another layout.
    private sealed record NodeTime(string Name, string Op, double Milliseconds)
    {
        public string Direction => Name.Contains("/gradient/", StringComparison.Ordinal) ? ", gradient" : "";

        // The names of a layer's nodes begin with the layer's name: conv1/relu, conv1/relu/gradient/cast_17.
        public IEnumerable<string> Paths
        {
            get
            {
                var path = Name.Replace("fused ", "", StringComparison.Ordinal).Replace("_nchwc", "", StringComparison.Ordinal);
                for (int end = path.Length; end > 0; end = path.LastIndexOf('/', end - 1))
                {
                    yield return path[..end];
                }
            }
        }
    }

    private static List<NodeTime> Measure(Graph graph, Graph network)
    {
        var folder = Directory.CreateTempSubdirectory("fovea-");
        try
        {
            using var session = Sessions.OpenProfiled(graph, Path.Combine(folder.FullName, "profile"));
            RunSome(session, graph, network);
            using var profile = JsonDocument.Parse(File.ReadAllText(session.EndProfiling()));
            var events = profile.RootElement.EnumerateArray().ToLookup(e => e.GetProperty("name").GetString()!);
            var nodes =
                from named in events
                where named.Key.EndsWith(KernelTime, StringComparison.Ordinal)
                from node in named.GroupBy(e => e.GetProperty("args").GetProperty("node_index").GetString())
                select new NodeTime(
                    named.Key[..^KernelTime.Length],
                    node.First().GetProperty("args").GetProperty("op_name").GetString()!,
                    MedianMilliseconds(node));
            return [.. nodes];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void RunSome(InferenceSession session, Graph graph, Graph network)
    {
        using var options = new RunOptions();
        var weights = network.Initializers.ToDictionary(i => i.Key.Name, i => i.Value);
        var random = new SeededRandom(0);
        var inputs = graph.Inputs
            .Select(input => weights.TryGetValue(input.Name, out var weight) ? weight : Tensor.Drawn(input.Shape, Fill))
            .Select(tensor => OrtValue.CreateTensorValueFromMemory(tensor.Floats.ToArray(), tensor.Shape.ToInt64()))
            .ToArray();
        string[] names = [.. graph.Inputs.Select(i => i.Name)], outputs = [.. graph.Outputs.Select(o => o.Name)];
        var clock = Stopwatch.StartNew();
        for (int run = 0; run < MostRuns && (run < FewestRuns || clock.Elapsed < Enough); run++)
        {
            session.Run(options, names, inputs, outputs).Dispose();
        }

        Array.ForEach(inputs, input => input.Dispose());

        void Fill(Span<float> values)
        {
            foreach (ref float value in values)
            {
                value = random.Uniform(0, 1);
            }
        }
    }

    private static void Print(string title, List<NodeTime> nodes, Func<NodeTime, string> key)
    {
        double total = nodes.Sum(node => node.Milliseconds);
        Console.WriteLine($"\n{"ms",9} {"share",6} {"nodes",5}  {title}");
        foreach (var group in nodes.GroupBy(key).OrderByDescending(g => g.Sum(node => node.Milliseconds)))
        {
            double time = group.Sum(node => node.Milliseconds);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{time,9:F3} {time / total,6:P1} {group.Count(),5}  {group.Key}{Operators(group)}"));
        }
    }

    // Lists the operators of a gradient, the most expensive first.
    private static string Operators(IEnumerable<NodeTime> nodes)
    {
        var operators = nodes.GroupBy(node => node.Op)
            .Select(op => (op.Key, Time: op.Sum(node => node.Milliseconds))).OrderByDescending(op => op.Time)
            .ToArray();
        return operators.Length == 1
            ? ""
            : ": " + string.Join(", ", operators.Select(op => string.Create(CultureInfo.InvariantCulture, $"{op.Key} {op.Time:F3}")));
    }

    private static double MedianMilliseconds(IEnumerable<JsonElement> events)
    {
        double[] sorted = [.. events.Select(e => e.GetProperty("dur").GetDouble()).Order()];
        return sorted[sorted.Length / 2] / 1000;
    }
}
