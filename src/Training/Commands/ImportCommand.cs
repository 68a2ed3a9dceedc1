using System.Collections.Immutable;
using System.CommandLine;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>The <c>import</c> command: writes a network with published weights.</summary>
internal static class ImportCommand
{
    public static Command Create()
    {
        var name = Arguments.Name();
        var weights = new Argument<string>("WEIGHTS")
        {
            Description = "A file with the weights: safetensors, .pth (a state dict) or ONNX. "
                + "The tensors have torchvision's names; for googlenet, those of BVLC.",
        };
        var classes = new Option<int?>("--classes")
        {
            Description = "The number of classes, 2 to 100000. If the weights have another number, the last layer gets random weights. "
                + "Default: that of the paper.",
            HelpName = "number",
        };
        var labels = new Option<string?>("--labels")
        {
            Description = "A text file with the class names, one per line. Default: ImageNet's names for 1000 classes.",
            HelpName = "file",
        };
        var seed = Arguments.Seed();
        var output = Arguments.Output();
        var command = new Command("import", "Writes a network with published weights. Every tensor must have the expected shape.")
        {
            name, weights, classes, labels, seed, output,
        };
        command.SetWork((parsed, _) =>
        {
            var architecture = Catalog.Find(parsed.GetRequiredValue(name));
            var options = new ImportOptions(parsed.GetValue(classes), Lines(parsed.GetValue(labels)), parsed.GetValue(seed));
            Write(architecture, parsed.GetRequiredValue(weights), options, parsed.GetRequiredValue(output), Console.WriteLine);
        });
        return command;
    }

    /// <summary>Imports a file of weights.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="weights">The path of the file with the weights.</param>
    /// <param name="options">The classes, labels and seed.</param>
    /// <param name="output">The path of the .onnx file to write.</param>
    /// <param name="log">Receives one line of text about the written file.</param>
    /// <exception cref="FoveaException">The weights do not fit, or the output is not writable. No file is written then.</exception>
    public static void Write(Architecture architecture, string weights, ImportOptions options, string output, Action<string> log)
    {
        AtomicFile.EnsureWritable(output);
        using var file = WeightsFile.Open(weights);
        var graph = WeightsImport.Fill(architecture, file, options);
        OnnxFile.Write(graph, output);
        var content = ModelMetadata.Read(graph.Metadata).Trained ? "weights" : "weights, except for a new, untrained last layer,";
        var source = options.FileName ?? Path.GetFileName(weights);
        log($"{output}: {graph.Name}, {graph.Outputs[0].Shape[1]} classes, {content} from {source}");
    }

    private static ImmutableArray<string>? Lines(string? path)
    {
        try
        {
            return path is null ? null : [.. File.ReadAllLines(path).Select(line => line.Trim()).Where(line => line.Length > 0)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(
                ErrorCode.BadArgument,
                $"The labels file {path} {FileErrors.Predicate(path!, e)}; expected a text file with one class name per line.",
                e);
        }
    }
}
