using System.Globalization;
using System.Text.Json;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;

namespace Fovea.Training.Tests.Commands;

public sealed class ClassifyCommandTests : IDisposable
{
    // Ten labels, as people write them.
    private static readonly string[] Labels =
        ["zero, or none", "\"one\"", "two", " three ", "four\nlines", "five", "six", "seven; eight", "\u00e9ight", "nine"];

    private readonly TemporaryFolder folder = new();

    public ClassifyCommandTests()
    {
        Write(Activation.Softmax);
        for (byte i = 0; i < 40; i++)
        {
            Images.Write(folder[$"photos/{(i % 2 == 0 ? "even/" : "")}{i:00}.png"], (byte)(i * 6));
        }

        File.WriteAllText(folder["photos/notes.txt"], "no image");
        File.WriteAllText(folder["photos/.hidden.png"], "no image");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Folder_is_classified_as_each_image_alone_in_the_order_of_names()
    {
        var (exitCode, output, error) = CommandLineProcess.Run(
            "classify", folder["model.onnx"], folder["photos"], "--format", "jsonl", "--top", "2");
        Assert.True(exitCode == 0, error);
        Assert.Empty(error);
        var lines = Lines(output).Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal(
            Enumerable.Range(0, 20).Select(i => folder[$"photos/{(2 * i) + 1:00}.png"]),
            lines.Select(line => line.GetProperty("file").GetString()));
        using var model = Classifier.Load(folder["model.onnx"]);
        foreach (var line in lines)
        {
            var alone = model.Classify(File.ReadAllBytes(line.GetProperty("file").GetString()!), new(), 2);
            var together = line.GetProperty("predictions").EnumerateArray().ToArray();
            Assert.Equal(alone.Select(p => p.Label), together.Select(p => p.GetProperty("label").GetString()));
            Assert.Equal(alone[0].Probability, together[0].GetProperty("probability").GetDouble(), 1e-5);
            Assert.False(line.TryGetProperty("multiLabel", out _));
        }
    }

    [Fact]
    public void Sub_folders_are_looked_into_if_asked_for()
    {
        var (exitCode, output, error) = CommandLineProcess.Run(
            "classify", folder["model.onnx"], folder["photos"], "--recursive", "--top", "1");
        Assert.True(exitCode == 0, error);
        Assert.Equal(40, Lines(output).Length);
    }

    [Fact]
    public void Csv_holds_commas_quotes_and_line_breaks_of_labels()
    {
        var (exitCode, output, error) = CommandLineProcess.Run(
            "classify", folder["model.onnx"], folder["photos/even/00.png"], "--format", "csv", "--top", "10");
        Assert.True(exitCode == 0, error);
        var rows = Csv(output);
        Assert.Equal("file", rows[0][0]);
        Assert.Equal(["label", "probability", "label2", "probability2"], rows[0][1..5]);
        Assert.Equal("error", rows[0][^1]);
        Assert.Equal(22, rows[1].Length);
        Assert.Equal(
            Labels.Order(StringComparer.Ordinal),
            Enumerable.Range(0, 10).Select(i => rows[1][1 + (2 * i)]).Order(StringComparer.Ordinal));
        Assert.Equal(1, Enumerable.Range(0, 10).Sum(i => double.Parse(rows[1][2 + (2 * i)], CultureInfo.InvariantCulture)), 1e-4);
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("jsonl")]
    [InlineData("text")]
    public void Images_that_cannot_be_read_are_named_and_do_not_end_the_rest(string format)
    {
        File.WriteAllText(folder["photos/05.png"], "no image");
        var (exitCode, output, error) = CommandLineProcess.Run(
            "classify", folder["model.onnx"], folder["photos"], folder["missing.png"], "--format", format, "--top", "1");
        Assert.Equal(1, exitCode);
        Assert.Contains($"{folder["photos/05.png"]}: The 8 bytes are not an image", error, StringComparison.Ordinal);
        Assert.Contains($"{folder["missing.png"]}: The file cannot be read", error, StringComparison.Ordinal);
        var found = format switch
        {
            "csv" => Csv(output).Skip(1).Select(row => (row[0], row[^1])).ToArray(),
            "jsonl" => [.. Lines(output).Select(line => JsonDocument.Parse(line).RootElement).Select(line => (
                line.GetProperty("file").GetString()!, line.TryGetProperty("error", out var reason) ? reason.GetString()! : ""))],
            _ => [.. Lines(output).Select(line => (line.Split(": ")[0], ""))],
        };
        Assert.Equal(format == "text" ? 19 : 21, found.Length);
        Assert.Equal(format == "text" ? 0 : 2, found.Count(line => line.Item2.Length > 0));
    }

    [Fact]
    public void Independent_labels_are_all_those_from_half_on()
    {
        Write(Activation.Sigmoid);
        var (exitCode, output, error) = CommandLineProcess.Run(
            "classify", folder["model.onnx"], folder["photos"], "--format", "csv", "--top", "1");
        Assert.True(exitCode == 0, error);
        var rows = Csv(output);
        Assert.Equal(["file", "labels", "probabilities", "error"], rows[0]);
        using var model = Classifier.Load(folder["model.onnx"]);
        foreach (var row in rows.Skip(1))
        {
            var likely = model.Classify(File.ReadAllBytes(row[0]), new(), 10).Where(p => p.Probability >= 0.5).ToArray();
            Assert.Equal(string.Join(';', likely.Select(p => p.Label)), row[1]);
            Assert.Equal(likely.Length, row[2].Split(';', StringSplitOptions.RemoveEmptyEntries).Length);
        }
    }

    [Fact]
    public void File_of_answers_is_whole_and_standard_output_empty()
    {
        File.WriteAllText(folder["answers.csv"], "old");
        var (exitCode, output, error) = CommandLineProcess.Run(
            "classify", folder["model.onnx"], folder["photos"], "--format", "csv", "-o", folder["answers.csv"]);
        Assert.True(exitCode == 0, error);
        Assert.Empty(output);
        Assert.Equal(21, Csv(File.ReadAllText(folder["answers.csv"])).Length);
        Assert.Equal(["answers.csv", "model.onnx"], Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Run_that_fails_leaves_the_old_answers()
    {
        File.WriteAllText(folder["answers.csv"], "old");
        Directory.CreateDirectory(folder["empty"]);
        var (exitCode, _, error) = CommandLineProcess.Run("classify", folder["model.onnx"], folder["empty"], "-o", folder["answers.csv"]);
        Assert.Equal(1, exitCode);
        Assert.Contains("holds no images; expected JPEG, PNG", error, StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(folder["answers.csv"]));
    }

    [Fact]
    public void Network_of_one_batch_size_takes_any_number_of_images()
    {
        var graph = Catalog.Find("lenet5").Build(seed: 3);
        new ModelMetadata { Labels = [.. Labels] }.Or(ModelMetadata.Read(graph.Metadata)).WriteTo(graph);

        // Each of three images gets a constant of its own, so the batch cannot be freed.
        var fixedGraph = new Graph("fixed");
        var values = new Dictionary<Value, Value>
        {
            [graph.Inputs[0]] = fixedGraph.Input("input", ElementType.Float, graph.Inputs[0].Shape.With(0, 3)),
        };
        graph.CopyTo(fixedGraph, values);
        fixedGraph.Output(values[graph.Outputs[0]] + fixedGraph.Constant(Tensor.Of(new Shape(3, 1), 0, 1, 2)));
        File.WriteAllText(folder["fixed.json"], """{"preprocessing": {"crop": [28, 28], "color": "Gray"}}""");
        OnnxFile.Write(fixedGraph, folder["fixed.onnx"]);
        var (exitCode, output, error) = CommandLineProcess.Run("classify", folder["fixed.onnx"], folder["photos"]);
        Assert.True(exitCode == 0, error);
        Assert.Equal(20, Lines(output).Length);
    }

    private void Write(Activation activation)
    {
        var graph = Catalog.Find("lenet5").Build(seed: 3);
        new ModelMetadata { Labels = [.. Labels], Activation = activation }.Or(ModelMetadata.Read(graph.Metadata)).WriteTo(graph);
        OnnxFile.Write(graph, folder["model.onnx"]);
    }

    private static string[] Lines(string output) => output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    // A reader of RFC 4180 of its own, so that the test does not trust the writer.
    private static string[][] Csv(string text)
    {
        var rows = new List<string[]>();
        var (row, field, isQuoted) = (new List<string>(), "", false);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (isQuoted)
            {
                (field, isQuoted) = c != '"' ? (field + c, true)
                    : i + 1 < text.Length && text[i + 1] == '"' ? (field + text[++i], true)
                    : (field, false);
            }
            else if (c == '"')
            {
                isQuoted = true;
            }
            else if (c is ',' or '\n')
            {
                row.Add(field);
                field = "";
                if (c == '\n')
                {
                    rows.Add([.. row]);
                    row.Clear();
                }
            }
            else
            {
                field += c;
            }
        }

        return [.. rows];
    }
}
