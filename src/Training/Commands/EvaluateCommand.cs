using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Training.Datasets;
using Fovea.Training.Evaluations;
using Spectre.Console;

namespace Fovea.Training.Commands;

/// <summary>The <c>evaluate</c> command: prints a model's metrics on a data set.</summary>
internal static class EvaluateCommand
{
    private const int MaximumConfusionClasses = 20;

    public static Command Create()
    {
        var file = Arguments.ModelFile();
        var preprocessing = Arguments.Preprocessing();
        var data = Arguments.Data();
        var json = Arguments.Json();
        var command = new Command(
            "evaluate",
            "Evaluates a model on a data set: on its test images if it has any, else on its val images if it has any, else on all images.")
        {
            file, data, preprocessing, json,
        };
        command.SetWork((parsed, stop) =>
        {
            using var model = Arguments.Load(parsed.GetRequiredValue(file), parsed.GetValue(preprocessing));
            var dataset = DatasetFolder.Open(parsed.GetRequiredValue(data), model.Preprocessing).ForEvaluation;
            foreach (var refused in dataset.Refused)
            {
                Console.Error.WriteLine($"left out: {refused.File}: {refused.Reason}");
            }

            var matched = dataset.MatchedWith(model.Labels);
            if (model.IsMultiLabel)
            {
                EvaluateLabels.Run(model, matched, parsed.GetValue(json), stop);
                return;
            }

            if (matched.LabelSets is not null)
            {
                throw new FoveaException(
                    ErrorCode.BadDataset,
                    "The data set's images have several labels or none, and the model gives one class; expected a model that was trained "
                    + "on such images, or one class folder for each image.");
            }

            var evaluation = Evaluation.Of(model.RunCalibrated, matched, model.Classes, stop: stop);
            var report = EvaluationReport.Of(evaluation, model.Labels).OfOccurring();
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
        AnsiConsole.WriteLine(Headline(report, images));
        var classes = new Table().RoundedBorder().AddColumns("Class", "Precision", "Recall", "F1", "Images");
        foreach (var c in report.Classes)
        {
            classes.AddRow(Markup.Escape(c.Label), Share(c.Precision), Share(c.Recall), Share(c.F1), Text($"{c.Support}"));
        }

        AnsiConsole.Write(classes);
        if (report.Classes.Count <= MaximumConfusionClasses)
        {
            AnsiConsole.WriteLine("Confusion matrix: images by true class (row) and predicted class (column)");
            string[] others = report.Others is null ? [] : ["(others)"];
            var confusion = new Table().RoundedBorder().AddColumns(
                [.. report.Classes.Select(c => Markup.Escape(c.Label)).Prepend("").Concat(others)]);
            for (int row = 0; row < report.Classes.Count; row++)
            {
                IEnumerable<int> counts = report.Others is null ? report.Confusion[row] : [.. report.Confusion[row], report.Others[row]];
                confusion.AddRow(
                    [.. counts.Select(n => n.ToString(CultureInfo.InvariantCulture)).Prepend(Markup.Escape(report.Classes[row].Label))]);
            }

            AnsiConsole.Write(confusion);
        }
    }

    /// <summary>Returns the first line of the printed report. The line omits the top-5 accuracy if the report has none.</summary>
    public static string Headline(EvaluationReport report, int images)
    {
        var top5 = report.Top5 is { } share ? Text($", top-5 {share * 100:F2} %") : "";
        return Text($"{images} images: accuracy {report.Accuracy * 100:F2} %{top5}, loss {report.Loss:F4}");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Share(double value) => value.ToString("F4", CultureInfo.InvariantCulture);
}
