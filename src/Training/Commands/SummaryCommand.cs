using System.CommandLine;
using Fovea.Models.Summary;

namespace Fovea.Training.Commands;

/// <summary>The <c>summary</c> command: shows a network's layers as a table, as JSON or as a picture.</summary>
internal static class SummaryCommand
{
    public static Command Create()
    {
        var network = Arguments.NameOrFile();
        var json = Arguments.Json();
        var svg = new Option<bool>("--svg") { Description = "Print a picture of the network as SVG." };
        var expand = new Option<bool>("--expand") { Description = "Show each layer of a block in a row of its own." };
        var (classes, input, stem, auxiliary) = (Arguments.Classes(), Arguments.Input(), Arguments.Stem(), Arguments.Auxiliary());
        var command = new Command("summary", "Shows a network's layers: type, output shape, parameters, memory and inputs, and the totals.")
        {
            network, json, svg, expand, classes, input, stem, auxiliary,
        };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(svg))
            {
                UnusedOptions.Refuse(parsed, "--svg prints a picture", "without --svg", json);
            }

            var graph = Arguments.Network(
                parsed.GetRequiredValue(network),
                parsed.GetValue(classes),
                parsed.GetValue(input),
                parsed.GetValue(auxiliary),
                parsed.GetValue(stem));
            var summary = NetworkSummary.Of(graph, parsed.GetValue(expand));
            Console.WriteLine(parsed.GetValue(json) ? summary.ToJson()
                : parsed.GetValue(svg) ? NetworkPicture.ToSvg(summary)
                : SummaryTable.ToText(summary));
        });
        return command;
    }
}
