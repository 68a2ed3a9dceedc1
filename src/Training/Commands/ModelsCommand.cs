using System.CommandLine;
using System.Globalization;
using Fovea.Models;
using Spectre.Console;

namespace Fovea.Training;

/// <summary><c>models</c>: the catalog.</summary>
internal static class ModelsCommand
{
    public static Command Create()
    {
        var command = new Command("models", "Lists the networks of the catalog with their parameters, multiply-adds and input.");
        command.SetAction(_ =>
        {
            // Where no terminal tells its width, lines are as long as they need to be.
            AnsiConsole.Profile.Width = Console.IsOutputRedirected ? 200 : AnsiConsole.Profile.Width;
            var table = new Table().RoundedBorder().AddColumns("Name", "Input", "Classes", "Parameters", "Multiply-adds", "Source");
            foreach (var architecture in Catalog.Architectures)
            {
                var summary = NetworkSummary.Of(architecture.Build());
                table.AddRow(
                    architecture.Name, string.Join('x', architecture.Input.Dimensions), Number(architecture.Classes), Number(summary.TotalParameters),
                    Number(summary.MultiplyAdds), Markup.Escape(architecture.Source.Split(':')[0]));
            }

            AnsiConsole.Write(table);
        });
        return command;
    }

    private static string Number(long? value) => value?.ToString("N0", CultureInfo.InvariantCulture) ?? "?";
}
