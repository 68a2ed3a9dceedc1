using System.Diagnostics;
using System.Text.Json;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;
using Fovea.Training.Steps;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training.Tests.Steps;

[Trait("Needs", "services")]
public sealed class ExportedNetworkTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Theory]
    [InlineData("mobilenet_v3_small", 11, "eval", 48)]
    [InlineData("shufflenet_v2_x0_5", 17, "preserve", 64)]
    public void Gradients_of_an_exported_network_equal_those_of_PyTorch(string network, int opset, string mode, int size)
    {
        var path = folder[network];
        Export(network, opset, mode, size, path);

        var expected = JsonSerializer.Deserialize<Expected>(File.ReadAllText($"{path}.json"), JsonSerializerOptions.Web)!;
        var graph = OpsetConversion.Convert(OnnxFile.Read($"{path}.onnx"));
        var gradients = new GradientGraph(graph, batchSize: 2, frozenStatistics: true);
        using var session = Sessions.Open(gradients.Graph);
        using var options = new RunOptions();

        var inputs = gradients.Graph.Inputs.Select(input => (input.Name, Value: OrtValue.CreateTensorValueFromMemory(
            input == gradients.Images
                ? expected.Images
                : input == gradients.Targets
                ? expected.Targets
                : graph.Initializers.First(i => i.Key.Name == input.Name).Value.Floats.ToArray(),
            input.Shape.ToInt64()))).ToList();
        using var results = session.Run(
            options,
            [.. inputs.Select(i => i.Name)],
            [.. inputs.Select(i => i.Value)],
            [gradients.Loss.Name, .. gradients.Gradients.Select(g => g.Name)]);
        inputs.ForEach(input => input.Value.Dispose());

        Assert.Equal(expected.Loss, results[0].GetTensorDataAsSpan<float>()[0], 1e-4);
        var byName = gradients.Parameters.Index()
            .ToDictionary(p => p.Item.Name, p => results[p.Index + 1].GetTensorDataAsSpan<float>().ToArray());
        var convolutions = graph.Nodes.Where(node => node.Op == "Conv").Select(node => node[1].Name).ToArray();
        Assert.Equal(expected.Convolutions.Length, convolutions.Length);
        var errors = convolutions.Zip(expected.Convolutions)
            .Concat(expected.Named.Where(n => byName.ContainsKey(n.Key)).Select(n => (n.Key, n.Value)))
            .Select(pair => (Name: pair.Item1, Error: RelativeError(byName[pair.Item1], pair.Item2)));
        Assert.All(errors, e => Assert.True(e.Error < 1e-4, $"{e.Name}: {e.Error}"));
    }

    public void Dispose() => folder.Dispose();

    private static double RelativeError(float[] gradient, Sampled expected)
    {
        double largest = Math.Max(expected.Values.Max(Math.Abs), 1e-12);
        return expected.Values.Select((value, i) => Math.Abs(value - gradient[i * expected.Step])).Max() / largest;
    }

    private static void Export(string network, int opset, string mode, int size, string path)
    {
        var start = new ProcessStartInfo("/usr/bin/python3") { RedirectStandardError = true };
        foreach (var argument in (string[])
        [
            Path.Combine(AppContext.BaseDirectory, "Steps", "export_torchvision.py"),
            network,
            $"{opset}",
            mode,
            $"{size}",
            path,
        ])
        {
            start.ArgumentList.Add(argument);
        }

        using var python = Process.Start(start)!;
        string error = python.StandardError.ReadToEnd();
        python.WaitForExit();
        Assert.True(python.ExitCode == 0, error);
    }

    private sealed record Expected(float[] Images, float[] Targets, double Loss, Sampled[] Convolutions, Dictionary<string, Sampled> Named);

    private sealed record Sampled(int Step, double[] Values);
}
