using System.Text;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Models.Onnx;
using Fovea.Models.Runtime;

namespace Fovea.Models.Tests.Adoption;

/// <summary>An adopted network is as fast as one of Fovea's own form, because ONNX Runtime optimises both to the same graph.</summary>
public sealed class OptimizedGraphTests
{
    private static readonly Graph Own = Catalog.Find("resnet18").Build(classes: 8, seed: 5);

    [Theory]
    [InlineData(true, ElementType.Float)]
    [InlineData(false, ElementType.Float16)]
    [InlineData(true, ElementType.Float16)]
    [InlineData(true, ElementType.UInt8)]
    public void Adopted_network_is_optimised_to_the_graph_of_its_own_form(bool channelsLast, ElementType type)
    {
        using var folder = new TemporaryFolder();
        OnnxFile.Write(Foreign(channelsLast, type), folder["foreign.onnx"]);
        var json = ModelMetadata.Read(Own.Metadata) with { Labels = null };
        var adopted = ModelAdoption.Read(folder["foreign.onnx"], type == ElementType.UInt8 ? json with { GivesRange = false } : json);
        Assert.NotEmpty(adopted.Findings.Changed);
        Assert.Equal(Optimized(Own, folder["own.onnx"]), Optimized(adopted.Graph, folder["adopted.onnx"]));
    }

    // resnet18 as another program exports it. If the input has bytes, a Cast comes first; the pixels are the same numbers.
    private static Graph Foreign(bool channelsLast, ElementType type)
    {
        var g = new Graph("foreign");
        var shape = channelsLast ? new Shape(-1, 224, 224, 3) : new Shape(-1, 3, 224, 224);
        var input = g.Input("images", type, shape);
        var x = type == ElementType.UInt8 ? g.Cast(input, ElementType.Float) : input;
        var values = new Dictionary<Value, Value> { [Own.Inputs[0]] = channelsLast ? g.Transpose(x, 0, 3, 1, 2) : x };
        foreach (var (value, tensor) in Own.Initializers.Where(_ => type == ElementType.Float16))
        {
            values[value] = g.Initializer(value.Name, tensor.Type == ElementType.Float ? ForeignNetwork.Half(tensor) : tensor);
        }

        Own.CopyTo(g, values);
        g.Output(values[Own.Outputs[0]]);
        return g;
    }

    // The graph that a session of the service runs, as text: each node with its attributes and, by number, the nodes before it.
    private static string Optimized(Graph graph, string file)
    {
        Sessions.Open(graph, options => options.OptimizedModelFilePath = file).Dispose();
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(file)).Graph;
        var producers = model.Node.SelectMany(node => node.Output.Select(output => (output, node)))
            .ToDictionary(pair => pair.output, pair => pair.node);
        var weights = model.Initializer.ToDictionary(
            tensor => tensor.Name, tensor => $"{tensor.DataType}[{string.Join(',', tensor.Dims)}]");
        var (numbers, lines) = (new Dictionary<NodeProto, int>(), new StringBuilder());
        Add(model.Output[0].Name);
        Assert.Equal(model.Node.Count, numbers.Count);
        return lines.ToString();

        string Add(string value)
        {
            if (!producers.TryGetValue(value, out var node))
            {
                return weights.GetValueOrDefault(value, value.Length == 0 ? "none" : "images");
            }

            if (!numbers.TryGetValue(node, out int number))
            {
                var inputs = node.Input.Select(Add).ToArray();
                var attributes = node.Attribute.Select(a => a.ToString()).Order(StringComparer.Ordinal);
                numbers[node] = number = numbers.Count;
                lines.AppendLine(
                    $"{number} {node.Domain} {node.OpType} ({string.Join("; ", inputs)}) {string.Join(' ', attributes)}");
            }

            return $"{number}:{node.Output.IndexOf(value)}";
        }
    }
}
