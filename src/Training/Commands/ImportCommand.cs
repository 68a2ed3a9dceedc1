using System.CommandLine;
using Fovea.Models.Architectures;
using Fovea.Models.Weights;

namespace Fovea.Training.Commands;

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
            var options = new ImportOptions(parsed.GetValue(classes), Arguments.Lines(parsed.GetValue(labels)), parsed.GetValue(seed));
            WeightsImport.Write(
                architecture, parsed.GetRequiredValue(weights), options, parsed.GetRequiredValue(output), Console.WriteLine);
        });
        return command;
    }
}
