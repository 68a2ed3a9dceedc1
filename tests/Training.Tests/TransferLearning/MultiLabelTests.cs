using System.Text.Json;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Training.Tests.Commands;
using SkiaSharp;

namespace Fovea.Training.Tests.TransferLearning;

public sealed class MultiLabelTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Theory]
    [InlineData("head")]
    [InlineData("full")]
    [Trait("Needs", "time")]
    public void Network_learns_labels_that_do_not_exclude_each_other(string method)
    {
        Data("data", 80);
        Data("fresh", 40);
        OnnxFile.Write(Catalog.Find("lenet5").Build(), folder["base.onnx"]);
        var (exitCode, _, error) = CommandLineProcess.Run(
            "finetune", folder["base.onnx"], "--data", folder["data"], "--method", method, "--epochs", "2", "--batch-size", "8", "-o",
            folder["model.onnx"]);
        Assert.True(exitCode == 0, error);
        Assert.Equal("sigmoid", OnnxFile.Read(folder["model.onnx"]).Metadata["fovea.activation"]);

        var evaluated = CommandLineProcess.Run("evaluate", folder["model.onnx"], "--data", folder["fresh"], "--json");
        Assert.True(evaluated.ExitCode == 0, evaluated.Error);
        var report = JsonDocument.Parse(evaluated.Output).RootElement;
        Assert.True(report.GetProperty("multiLabel").GetBoolean());
        Assert.InRange(report.GetProperty("accuracy").GetDouble(), 0.9, 1);
        Assert.InRange(report.GetProperty("meanAveragePrecision").GetDouble(), 0.95, 1);
        Assert.InRange(report.GetProperty("loss").GetDouble(), 0, 0.4);
        Assert.Equal(
            ["<left> & \"l\"", "right"], report.GetProperty("classes").EnumerateArray().Select(c => c.GetProperty("label").GetString()));
        Assert.Contains(
            "mean average precision",
            CommandLineProcess.Run("evaluate", folder["model.onnx"], "--data", folder["fresh"]).Output,
            StringComparison.Ordinal);

        var page = File.ReadAllText(folder["model.html"]);
        Assert.Contains("&lt;left&gt; &amp; \"l\"", page, StringComparison.Ordinal);
        Assert.Contains("Average precision", page, StringComparison.Ordinal);
        Assert.True(
            JsonDocument.Parse(File.ReadAllText(folder["model.report.json"])).RootElement.GetProperty(
                "evaluation").GetProperty("multiLabel").GetBoolean());
    }

    [Fact]
    public void Model_that_gives_one_class_is_not_evaluated_on_several_labels()
    {
        Data("data", 8);
        var network = Catalog.Find("lenet5").Build(2);
        (ModelMetadata.Read(network.Metadata) with { Labels = ["<left> & \"l\"", "right"] }).WriteTo(network);
        OnnxFile.Write(network, folder["model.onnx"]);
        var (exitCode, _, error) = CommandLineProcess.Run("evaluate", folder["model.onnx"], "--data", folder["data"]);
        Assert.Equal(1, exitCode);
        Assert.Contains("several labels or none, and the model gives one class", error, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    // The left half, the right half, both or none are bright.
    private void Data(string name, int count)
    {
        Directory.CreateDirectory(folder[name]);
        var random = new Random(count);
        var lines = new List<string> { "file,label" };
        for (int i = 0; i < count; i++)
        {
            using var bitmap = new SKBitmap(28, 28);
            using var canvas = new SKCanvas(bitmap);
            using var bright = new SKPaint { Color = new SKColor(0xFF, 0xFF, 0xFF, (byte)random.Next(150, 255)) };
            canvas.Clear(new SKColor((byte)random.Next(60), (byte)random.Next(60), (byte)random.Next(60)));
            canvas.DrawRect(0, 0, (i & 1) != 0 ? 14 : 0, 28, bright);
            canvas.DrawRect(14, 0, (i & 2) != 0 ? 14 : 0, 28, bright);
            using var png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
            File.WriteAllBytes(folder[$"{name}/{i}.png"], png.ToArray());
            string[] labels = [.. (i & 1) != 0 ? (string[])["<left> & \"\"l\"\""] : [], .. (i & 2) != 0 ? (string[])["right"] : []];
            lines.Add($"{i}.png,\"{string.Join(';', labels)}\"");
        }

        File.WriteAllLines(folder[$"{name}/labels.csv"], lines);
    }
}
