using System.Collections.Immutable;
using System.CommandLine;
using Fovea.Models;

namespace Fovea.Training;

/// <summary><c>import</c>: a network filled from published weights.</summary>
internal static class ImportCommand
{
    public static Command Create()
    {
        var name = Arguments.Name();
        var weights = new Argument<string>("WEIGHTS") { Description = "Weights under the names that torchvision gives them, BVLC's for googlenet: safetensors, .pth (a state dict) or ONNX." };
        var classes = new Option<int?>("--classes") { Description = "Number of classes, 2 to 100000; where the weights have another, the last layer is made anew. Default: the paper's." };
        var labels = new Option<string?>("--labels") { Description = "A text file with the classes' names, one a line. Default: ImageNet's for 1000 classes." };
        var seed = Arguments.Seed();
        var output = Arguments.Output();
        var command = new Command("import", "Fills a network from published weights; every tensor must fit.") { name, weights, classes, labels, seed, output };
        command.SetWork((parsed, _) =>
        {
            var architecture = Catalog.Find(parsed.GetRequiredValue(name));
            var options = new ImportOptions(parsed.GetValue(classes), Lines(parsed.GetValue(labels)), parsed.GetValue(seed));
            Write(architecture, parsed.GetRequiredValue(weights), options, parsed.GetRequiredValue(output), Console.WriteLine);
        });
        return command;
    }

    /// <summary>Imports a file of weights and says what was written.</summary>
    /// <exception cref="FoveaException">The weights do not fit, or the output cannot be written; nothing is.</exception>
    public static void Write(Architecture architecture, string weights, ImportOptions options, string output, Action<string> tell)
    {
        AtomicFile.EnsureWritable(output);
        using var file = WeightsFile.Open(weights);
        var graph = WeightsImport.Fill(architecture, file, options);
        OnnxFile.Write(graph, output);
        bool trained = ModelMetadata.Read(graph.Metadata).Trained;
        tell($"{output}: {graph.Name}, {graph.Outputs[0].Shape[1]} classes, {(trained ? "weights" : "all but a new, untrained last layer")} from {options.FileName ?? Path.GetFileName(weights)}");
    }

    private static ImmutableArray<string>? Lines(string? path)
    {
        try
        {
            return path is null ? null : [.. File.ReadAllLines(path).Select(line => line.Trim()).Where(line => line.Length > 0)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(ErrorCode.BadArgument, $"The labels cannot be read: {e.Message.TrimEnd('.')}. Expected a text file with one on each line.", e);
        }
    }
}
