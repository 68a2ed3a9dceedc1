using System.CommandLine;
using Fovea.Models;

namespace Fovea.Training;

/// <summary><c>summary</c>: a network's layers as a table or JSON.</summary>
internal static class SummaryCommand
{
    public static Command Create()
    {
        var network = Arguments.NameOrFile();
        var json = Arguments.Json();
        var expand = new Option<bool>("--expand") { Description = "Open blocks: a row for each layer in them." };
        var command = new Command("summary", "Shows a network's layers: type, output shape, parameters, what each is connected to, and the totals.") { network, json, expand };
        command.SetAction(parsed =>
        {
            var summary = NetworkSummary.Of(Arguments.Network(parsed.GetRequiredValue(network)), parsed.GetValue(expand));
            Console.WriteLine(parsed.GetValue(json) ? summary.ToJson() : SummaryTable.ToText(summary));
        });
        return command;
    }
}
