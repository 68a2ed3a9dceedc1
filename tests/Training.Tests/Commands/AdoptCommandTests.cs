using System.Text.Json;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;

namespace Fovea.Training.Tests.Commands;

[Trait("Needs", "time")]
public sealed class AdoptCommandTests : IDisposable
{
    private static readonly string[] Findings = ["found", "changed", "assumed", "needs"];

    private readonly TemporaryFolder folder = new();

    public AdoptCommandTests()
    {
        Images.Write(folder["image.png"], 90);
        File.WriteAllText(folder["model.json"], """{"preprocessing": {"crop": [28, 28], "color": "Gray"}}""");
        File.WriteAllText(folder["names"], string.Join('\n', Enumerable.Range(0, 10).Select(i => $"class {i}")));
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Adopted_file_says_what_it_is_and_answers_as_the_original_does()
    {
        Write(graph => graph.Softmax(graph.Outputs[0]));
        var (exitCode, output, error) = CommandLineProcess.Run(
            "adopt", folder["model.onnx"], "--labels", folder["names"], "--json", "-o", folder["own.onnx"]);
        Assert.True(exitCode == 0, error);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(Findings, json.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.Contains("softmax", json.RootElement.GetProperty("found").GetProperty("activation").GetString(), StringComparison.Ordinal);
        using var own = Classifier.Load(folder["own.onnx"]);
        Assert.Equal(("class 3", Activation.None), (own.Labels[3], own.Activation));
        using var original = Classifier.Load(folder["model.onnx"], fallback: ModelJson.Read(folder["model.json"]));
        var image = File.ReadAllBytes(folder["image.png"]);
        Assert.Equal(
            original.Classify(image, new(), 10).Select(p => (p.Index, Math.Round(p.Probability, 5))),
            own.Classify(image, new(), 10).Select(p => (p.Index, Math.Round(p.Probability, 5))));
    }

    [Fact]
    public void Activation_on_the_command_line_decides()
    {
        Write(graph => graph.Outputs[0]);
        Assert.Equal(
            0, CommandLineProcess.Run("adopt", folder["model.onnx"], "--activation", "sigmoid", "-o", folder["own.onnx"]).ExitCode);
        using var own = Classifier.Load(folder["own.onnx"]);
        Assert.True(own.IsMultiLabel);
    }

    [Fact]
    public void What_is_needed_is_an_error_and_leaves_no_file()
    {
        Write(graph => graph.Outputs[0]);
        File.Delete(folder["model.json"]);
        var (exitCode, output, error) = CommandLineProcess.Run("adopt", folder["model.onnx"], "-o", folder["own.onnx"]);
        Assert.Equal(1, exitCode);
        Assert.Contains("Needs:", output, StringComparison.Ordinal);
        Assert.Contains("\"preprocessing\" in model.json", error, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["own.onnx"]));
    }

    [Fact]
    [Trait("Needs", "time")]
    public void Base_without_a_head_gets_one()
    {
        // The features are those before the last layer.
        Write(graph => graph.Outputs[0].Producer![0]);
        var (exitCode, _, refused) = CommandLineProcess.Run("classify", folder["model.onnx"], folder["image.png"]);
        Assert.Equal(1, exitCode);
        Assert.Contains("base for finetune", refused, StringComparison.Ordinal);
        foreach (var (name, brightness) in (ReadOnlySpan<(string, byte)>)[("dark", 40), ("light", 200)])
        {
            for (byte i = 0; i < 6; i++)
            {
                Images.Write(folder[$"data/{name}/{i}.png"], (byte)(brightness + i));
            }
        }

        var (fineTuned, _, error) = CommandLineProcess.Run(
            "finetune", folder["model.onnx"], "--data", folder["data"], "--method", "head", "-o", folder["tuned.onnx"]);
        Assert.True(fineTuned == 0, error);
        using var tuned = Classifier.Load(folder["tuned.onnx"]);
        Assert.Equal(["dark", "light"], tuned.Labels);
        Assert.Equal("dark", tuned.Classify(File.ReadAllBytes(folder["data/dark/3.png"]), new(), 1)[0].Label);
    }

    // lenet5 as another program would export it: without Fovea's properties, and with another output.
    private void Write(Func<Graph, Value> output)
    {
        var graph = Catalog.Find("lenet5").Build(seed: 3);
        graph.Metadata.Clear();
        graph.Outputs[0] = output(graph);
        graph.Prune();
        OnnxFile.Write(graph, folder["model.onnx"]);
    }
}
