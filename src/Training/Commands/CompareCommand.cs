using System.CommandLine;
using System.Text;
using Fovea.Models.Files;
using Fovea.Training.Comparisons;

namespace Fovea.Training.Commands;

/// <summary>The <c>compare</c> command: compares runs side by side, from their reports.</summary>
internal static class CompareCommand
{
    public static Command Create()
    {
        var files = new Argument<string[]>("FILE.report.json")
        {
            Description = "The reports of at least two runs, which train and finetune write beside FILE.onnx.",
            Arity = ArgumentArity.OneOrMore,
        };
        var json = Arguments.Json();
        var output = new Option<string?>("--output", "-o")
        {
            Description = "Also write the comparison as an HTML page with curves to this file.",
            HelpName = "file",
        };
        var command = new Command(
            "compare", "Compares training runs side by side: their figures, the settings that differ, their curves and the F1 of each "
                + "class.")
        {
            files, json, output,
        };
        command.SetAction(parsed =>
        {
            var comparison = RunComparison.Read(parsed.GetRequiredValue(files));
            if (parsed.GetValue(output) is { } page)
            {
                AtomicFile.EnsureWritable(page);
                AtomicFile.Write(page, stream => stream.Write(Encoding.UTF8.GetBytes(ComparisonPage.Of(comparison))));
            }

            Console.Write(parsed.GetValue(json) ? $"{ComparisonText.Json(comparison)}\n" : ComparisonText.Of(comparison));
        });
        return command;
    }
}
