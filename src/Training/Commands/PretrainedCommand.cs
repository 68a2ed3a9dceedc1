using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Models.Pretrained;
using Spectre.Console;

namespace Fovea.Training.Commands;

/// <summary>The <c>pretrained</c> command: lists the networks from which fine-tuning can start.</summary>
internal static class PretrainedCommand
{
    // Wide enough for every row, so that redirected output has one line for each network.
    private const int WidthWithoutTerminal = 200;

    public static Command Create()
    {
        var json = Arguments.Json();
        var folder = BaseArguments.WeightsFolder();
        var command = new Command(
            "pretrained", "Lists the networks with trained weights from which finetune can start, and whether they are downloaded.")
        {
            json, folder,
        };
        command.SetAction(parsed =>
        {
            var bases = PretrainedBases.List(parsed.GetRequiredValue(folder));
            if (parsed.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(bases, PretrainedJson.Default.IReadOnlyListPretrainedBase));
            }
            else
            {
                Write(bases);
            }
        });
        return command;
    }

    private static void Write(IReadOnlyList<PretrainedBase> bases)
    {
        AnsiConsole.Profile.Width = Console.IsOutputRedirected ? WidthWithoutTerminal : AnsiConsole.Profile.Width;
        var table = new Table().RoundedBorder().AddColumns("Name", "Parameters", "MB", "ImageNet accuracy", "State", "Licence", "Source");
        foreach (var known in bases)
        {
            string state = JsonSerializer.SerializeToElement(known, PretrainedJson.Default.PretrainedBase)
                .GetProperty("state").GetString()!;
            table.AddRow(
                known.Name,
                known.Parameters.ToString("N0", CultureInfo.InvariantCulture),
                (known.Bytes / 1e6).ToString("F0", CultureInfo.InvariantCulture),
                known.Accuracy is { } accuracy ? string.Create(CultureInfo.InvariantCulture, $"{accuracy * 100:F1} %") : "not published",
                state,
                known.Licence,
                Markup.Escape(known.Source));
        }

        AnsiConsole.Write(table);
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(IReadOnlyList<PretrainedBase>))]
internal sealed partial class PretrainedJson : JsonSerializerContext;
