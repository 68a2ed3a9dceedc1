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
            var table = new Table().RoundedBorder().AddColumns("Name", "Input", "Classes", "Parameters", "Multiply-adds", "Source");
            foreach (var architecture in Catalog.Architectures)
            {
                var summary = NetworkSummary.Of(architecture.Build());
                table.AddRow(
                    architecture.Name, string.Join('x', architecture.Input.Dimensions), Number(architecture.Classes), Number(summary.TotalParameters),
                    Number(summary.MultiplyAdds), Markup.Escape(architecture.Source));
            }

            AnsiConsole.Write(table);
        });
        return command;
    }

    private static string Number(long? value) => value?.ToString("N0", CultureInfo.InvariantCulture) ?? "?";
}
