using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Models;
using Spectre.Console;

namespace Fovea.Training;

/// <summary><c>evaluate</c>: how well a model does on a data set.</summary>
internal static class EvaluateCommand
{
    public static Command Create()
    {
        var file = Arguments.ModelFile();
        var preprocessing = Arguments.Preprocessing();
        var data = Arguments.Data();
        var json = Arguments.Json();
        var command = new Command("evaluate", "Evaluates a model on a data set: its test images, else its val images, else all.") { file, data, preprocessing, json };
        command.SetWork((parsed, stop) =>
        {
            using var model = Arguments.Load(parsed.GetRequiredValue(file), parsed.GetValue(preprocessing));
            var dataset = DatasetFolder.Open(parsed.GetRequiredValue(data), model.Preprocessing).ForEvaluation;
            foreach (var refused in dataset.Refused)
            {
                Console.Error.WriteLine($"left out: {refused.File}: {refused.Reason}");
            }

            if (dataset.Labels.Count > model.Classes || (model.Metadata.Labels is { } labels && !dataset.Labels.SequenceEqual(labels)))
            {
                throw new FoveaException(ErrorCode.BadDataset, $"The data set's classes are {string.Join(", ", dataset.Labels)} and the model's {string.Join(", ", model.Labels)}; expected the same.");
            }

            var report = EvaluationReport.Of(Evaluation.Of(model.Run, dataset, model.Classes, stop: stop), model.Labels);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(report, EvaluationJson.Default.EvaluationReport));
            }
            else
            {
                Show(report, dataset.Count);
            }
        });
        return command;
    }

    private static void Show(EvaluationReport report, int images)
    {
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{images} images: accuracy {report.Accuracy * 100:F2} %, top-5 {report.Top5 * 100:F2} %, loss {report.Loss:F4}"));
        var classes = new Table().RoundedBorder().AddColumns("Class", "Precision", "Recall", "F1", "Images");
        foreach (var c in report.Classes)
        {
            classes.AddRow(Markup.Escape(c.Label), Share(c.Precision), Share(c.Recall), Share(c.F1), c.Support.ToString(CultureInfo.InvariantCulture));
        }

        AnsiConsole.Write(classes);
        if (report.Classes.Count <= 20)
        {
            AnsiConsole.WriteLine("Confusion: true class by row, predicted by column");
            var confusion = new Table().RoundedBorder().AddColumns([.. report.Classes.Select(c => Markup.Escape(c.Label)).Prepend("")]);
            foreach (var (c, row) in report.Classes.Zip(report.Confusion))
            {
                confusion.AddRow([.. row.Select(n => n.ToString(CultureInfo.InvariantCulture)).Prepend(Markup.Escape(c.Label))]);
            }

            AnsiConsole.Write(confusion);
        }
    }

    private static string Share(double value) => value.ToString("F4", CultureInfo.InvariantCulture);
}

/// <summary>An evaluation as it is printed.</summary>
internal sealed record EvaluationReport(double Accuracy, double Top5, double Loss, IReadOnlyList<ClassReport> Classes, int[][] Confusion)
{
    public static EvaluationReport Of(Evaluation e, IReadOnlyList<string> labels) =>
        new(e.Accuracy, e.Top5, e.Loss, [.. labels.Select((label, i) => ClassReport.Of(label, i, e.Confusion))], e.Confusion);
}

/// <summary>
/// One class: of those called it, the share that were (precision); of those that were, the share called it (recall); their harmonic mean (F1); how
/// many were (support). A share of nothing is 0.
/// </summary>
internal sealed record ClassReport(string Label, double Precision, double Recall, double F1, int Support)
{
    public static ClassReport Of(string label, int index, int[][] confusion)
    {
        int right = confusion[index][index], support = confusion[index].Sum(), called = confusion.Sum(row => row[index]);
        return new(label, Share(right, called), Share(right, support), Share(2.0 * right, called + support), support);
    }

    private static double Share(double part, int whole) => whole == 0 ? 0 : part / whole;
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(EvaluationReport))]
internal sealed partial class EvaluationJson : JsonSerializerContext;
