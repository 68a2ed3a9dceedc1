using System.CommandLine;
using Fovea.Models.Adoption;
using Fovea.Models.Files;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;

namespace Fovea.Training.Commands;

/// <summary>The <c>adopt</c> command: describes an image classifier that another program exported, and writes it as a Fovea file.</summary>
internal static class AdoptCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE.onnx") { Description = "An image classifier that another program exported." };
        var labels = new Option<string?>("--labels")
        {
            Description = "A text file with the class names, one per line. Default: the names in the model file or in a file beside it.",
            HelpName = "file",
        };
        var activation = new Option<string?>("--activation")
        {
            Description = "The function that turns the outputs into probabilities: softmax, sigmoid (independent labels) or none. "
                + "Default: read from the graph.",
        };
        activation.AcceptOnlyFromAmong("softmax", "sigmoid", "none");
        var (preprocessing, json) = (Arguments.Preprocessing(), Arguments.Json());
        var output = new Option<string?>(
            "--output", "-o")
        { Description = "The .onnx file to write. Default: no file is written.", HelpName = "file" };
        var command = new Command(
            "adopt",
            "Describes an image classifier from elsewhere: the findings in the file and beside it, and what Fovea changes, assumes and "
            + "needs. Writes it as a Fovea file.")
        {
            file, labels, preprocessing, activation, json, output,
        };
        command.SetWork((parsed, _) =>
        {
            var path = parsed.GetRequiredValue(file);
            var (overrides, fallback) = Arguments.MetadataOf(path, parsed.GetValue(preprocessing));
            overrides = new ModelMetadata
            {
                Labels = Arguments.Lines(parsed.GetValue(labels)),
                Activation = parsed.GetValue(activation) is { } name ? Enum.Parse<Activation>(name, ignoreCase: true) : null,
            }.Or(overrides);
            if (parsed.GetValue(output) is { } target)
            {
                AtomicFile.EnsureWritable(target);
            }

            var adopted = ModelAdoption.Read(path, overrides, fallback);
            Console.WriteLine(parsed.GetValue(json) ? adopted.Findings.ToJson() : Text(adopted.Findings));
            adopted.Complete(path);
            if (parsed.GetValue(output) is { } written)
            {
                OnnxFile.Write(adopted.Graph, written);
            }
        });
        return command;
    }

    private static string Text(Findings findings) => string.Join('\n', new[]
    {
        Section("Found", findings.Found.Values),
        Section("Changed", findings.Changed),
        Section("Assumed", findings.Assumed),
        Section("Needs", findings.Needs),
    }.Where(section => section.Length > 0));

    private static string Section(string title, IEnumerable<string> sentences) =>
        sentences.Any() ? $"{title}:\n{string.Join('\n', sentences.Select(sentence => $"  {sentence}"))}" : "";
}
