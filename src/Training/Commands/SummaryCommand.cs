using System.CommandLine;
using Fovea.Models;

namespace Fovea.Training;

/// <summary><c>summary</c>: a network's layers as a table, JSON or a picture.</summary>
internal static class SummaryCommand
{
    public static Command Create()
    {
        var network = Arguments.NameOrFile();
        var json = Arguments.Json();
        var svg = new Option<bool>("--svg") { Description = "Print a picture of the network (SVG)." };
        var expand = new Option<bool>("--expand") { Description = "Open blocks: a row for each layer in them." };
        var (classes, input, auxiliary) = (Arguments.Classes(), Arguments.Input(), Arguments.Auxiliary());
        var command = new Command("summary", "Shows a network's layers: type, output shape, parameters, memory, what each is connected to, and the totals.")
        {
            network, json, svg, expand, classes, input, auxiliary,
        };
        command.SetAction(parsed =>
        {
            var graph = Arguments.Network(parsed.GetRequiredValue(network), parsed.GetValue(classes), parsed.GetValue(input), parsed.GetValue(auxiliary));
            var summary = NetworkSummary.Of(graph, parsed.GetValue(expand));
            Console.WriteLine(parsed.GetValue(json) ? summary.ToJson() : parsed.GetValue(svg) ? NetworkPicture.ToSvg(summary) : SummaryTable.ToText(summary));
        });
        return command;
    }
}
