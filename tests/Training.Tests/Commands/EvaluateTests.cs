using System.Text.Json;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Metadata;

namespace Fovea.Training.Tests.Commands;

/// <summary>A network that recognises brightness: class i is brightest for images of i / (classes - 1).</summary>
[Trait("Needs", "time")]
public sealed class EvaluateTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void Folders_that_are_numbers_match_outputs_as_numbers()
    {
        Network(12, null);
        Folders([.. Enumerable.Range(0, 12).Select(i => (i == 7 ? "007" : $"{i}", i))], 12);
        var report = Evaluate();
        Assert.Equal(1, report.GetProperty("accuracy").GetDouble());
        Assert.Equal([.. Enumerable.Range(0, 12).Select(i => $"{i}")], Labels(report));
        Assert.True(report.TryGetProperty("top5", out _));
    }

    [Fact]
    public void Named_folders_in_another_order_or_only_some_of_them_match_by_name()
    {
        string[] names = ["zebra", "ant", "yak", "bee", "cat", "dog", "emu", "fox", "gnu", "hen"];
        Network(10, names);
        Folders([("yak", 2), ("ant", 1), ("zebra", 0), ("fox", 6)], 10);
        var report = Evaluate();
        Assert.Equal(0.75, report.GetProperty("accuracy").GetDouble());
        Assert.Equal(["zebra", "ant", "yak", "fox"], Labels(report));
        Assert.Equal("[[2,0,0,0],[0,2,0,0],[0,0,2,0],[0,0,0,0]]", $"{report.GetProperty("confusion")}");
        Assert.Equal("[0,0,0,2]", $"{report.GetProperty("others")}");
    }

    [Fact]
    public void Name_that_the_model_lacks_is_an_error_that_names_it()
    {
        Network(4, ["ant", "bee", "cat", "dog"]);
        Folders([("ant", 0), ("wasp", 1)], 4);
        var (exitCode, _, error) = CommandLineProcess.Run("evaluate", folder["model.onnx"], "--data", folder["data"]);
        Assert.Equal(1, exitCode);
        Assert.Contains("The model has no class wasp; expected some of its classes: ant, bee, cat, dog.", error, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Needs", "time")]
    public void Top_5_is_left_out_for_fewer_than_six_classes()
    {
        Network(5, null);
        Folders([("0", 0), ("4", 4)], 5);
        Assert.False(Evaluate().TryGetProperty("top5", out _));
        Assert.DoesNotContain(
            "top-5", CommandLineProcess.Run("evaluate", folder["model.onnx"], "--data", folder["data"]).Output, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private static string[] Labels(JsonElement report) =>
        [.. report.GetProperty("classes").EnumerateArray().Select(c => c.GetProperty("label").GetString()!)];

    private JsonElement Evaluate()
    {
        var (exitCode, output, error) = CommandLineProcess.Run("evaluate", folder["model.onnx"], "--data", folder["data"], "--json");
        Assert.True(exitCode == 0, error);
        return JsonDocument.Parse(output).RootElement;
    }

    private void Folders((string Name, int Class)[] classes, int all)
    {
        foreach (var (name, number) in classes)
        {
            for (int i = 0; i < 2; i++)
            {
                Images.Write(folder[$"data/{name}/{i}.png"], (byte)((number * 255 / (all - 1)) + (number == all - 1 ? -i : i)), side: 4);
            }
        }
    }

    // The logit of class i is s (2 a b - a a) for the mean brightness b of the image and a = i / (classes - 1): highest where a is nearest
    // b.
    private void Network(int classes, string[]? labels)
    {
        const float Sharpness = 1000;
        var graph = new Graph("brightness");
        var x = graph.Input("input", ElementType.Float, new Shape(Shape.Free, 1, 4, 4));
        float[] levels = [.. Enumerable.Range(0, classes).Select(i => (float)i / (classes - 1))];
        var mean = graph.Apply("Flatten", [graph.Apply("GlobalAveragePool", [x])]);
        var weights = graph.Initializer("fc.weight", Tensor.Of(new Shape(1, classes), Array.ConvertAll(levels, a => 2 * Sharpness * a)));
        var bias = graph.Initializer("fc.bias", Tensor.Of(new Shape(classes), Array.ConvertAll(levels, a => -Sharpness * a * a)));
        graph.Output(graph.Apply("Gemm", [mean, weights, bias]));
        new ModelMetadata
        {
            Labels = labels is null ? null : [.. labels],
            Preprocessing = new() { Crop = [4, 4], Color = ColorOrder.Gray },
        }.WriteTo(graph);
        OnnxFile.Write(graph, folder["model.onnx"]);
    }
}
