using System.CommandLine;
using System.Globalization;
using Fovea.Models.Architectures;
using Fovea.Models.Summary;
using Spectre.Console;

namespace Fovea.Training.Commands;

/// <summary>The <c>models</c> command: lists the catalog.</summary>
internal static class ModelsCommand
{
    // Wide enough for every row, so that redirected output has one line for each network.
    private const int WidthWithoutTerminal = 200;

    public static Command Create()
    {
        var command = new Command("models", "Lists the networks of the catalog with their input, trainable parameters and multiply-adds.");
        command.SetAction(_ =>
        {
            AnsiConsole.Profile.Width = Console.IsOutputRedirected ? WidthWithoutTerminal : AnsiConsole.Profile.Width;
            var table = new Table().RoundedBorder().AddColumns("Name", "Input", "Classes", "Parameters", "Multiply-adds", "Source");
            foreach (var architecture in Catalog.Architectures)
            {
                var summary = NetworkSummary.Of(architecture.Build());
                table.AddRow(
                    architecture.Name,
                    string.Join('x', architecture.Input.Dimensions),
                    Number(architecture.Classes),
                    Number(summary.TrainableParameters),
                    Number(summary.MultiplyAdds),
                    Markup.Escape(architecture.Source.Split(':')[0]));
            }

            AnsiConsole.Write(table);
        });
        return command;
    }

    private static string Number(long? value) => value?.ToString("N0", CultureInfo.InvariantCulture) ?? "?";
}
