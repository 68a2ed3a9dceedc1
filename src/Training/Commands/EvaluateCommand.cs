using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Models;
using Spectre.Console;

namespace Fovea.Training;

/// <summary>The <c>evaluate</c> command: prints a model's metrics on a data set.</summary>
internal static class EvaluateCommand
{
    // With fewer classes, every class or all but one are among the five likeliest, so the top-5 accuracy says nothing.
    private const int MinimumClassesForTop5 = 6;

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

            if (dataset.Labels.Count > model.Classes || (model.Metadata.Labels is { } labels && !dataset.Labels.SequenceEqual(labels)))
            {
                throw new FoveaException(
                    ErrorCode.BadDataset,
                    $"The data set's classes are {string.Join(", ", dataset.Labels)}; "
                    + $"expected the model's: {string.Join(", ", model.Labels)}.");
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
            var confusion = new Table().RoundedBorder().AddColumns([.. report.Classes.Select(c => Markup.Escape(c.Label)).Prepend("")]);
            foreach (var (c, row) in report.Classes.Zip(report.Confusion))
            {
                confusion.AddRow([.. row.Select(n => n.ToString(CultureInfo.InvariantCulture)).Prepend(Markup.Escape(c.Label))]);
            }

            AnsiConsole.Write(confusion);
        }
    }

    /// <summary>Returns the first line of the printed report. It omits the top-5 accuracy for fewer than six classes.</summary>
    public static string Headline(EvaluationReport report, int images)
    {
        var top5 = report.Classes.Count < MinimumClassesForTop5 ? "" : Text($", top-5 {report.Top5 * 100:F2} %");
        return Text($"{images} images: accuracy {report.Accuracy * 100:F2} %{top5}, loss {report.Loss:F4}");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Share(double value) => value.ToString("F4", CultureInfo.InvariantCulture);
}

/// <summary>An evaluation as <c>evaluate --json</c> prints it; the property names are the JSON format.</summary>
/// <param name="Accuracy">The share of correct predictions, 0 to 1.</param>
/// <param name="Top5">The share of images whose class is among the five likeliest, 0 to 1.</param>
/// <param name="Loss">The mean cross-entropy in nats.</param>
/// <param name="Classes">The metrics of each class, indexed by class.</param>
/// <param name="Confusion">The number of images by true class (row) and predicted class (column).</param>
internal sealed record EvaluationReport(double Accuracy, double Top5, double Loss, IReadOnlyList<ClassReport> Classes, int[][] Confusion)
{
    /// <summary>Computes the report of an evaluation.</summary>
    /// <param name="e">The evaluation.</param>
    /// <param name="labels">The class names, indexed by class.</param>
    public static EvaluationReport Of(Evaluation e, IReadOnlyList<string> labels) =>
        new(e.Accuracy, e.Top5, e.Loss, [.. labels.Select((label, i) => ClassReport.Of(label, i, e.Confusion))], e.Confusion);
}

/// <summary>The metrics of one class. A metric whose denominator is 0 is 0.</summary>
/// <param name="Label">The class name.</param>
/// <param name="Precision">The share of the images predicted as this class that belong to it, 0 to 1.</param>
/// <param name="Recall">The share of this class's images that are predicted as it, 0 to 1.</param>
/// <param name="F1">The harmonic mean of precision and recall, 0 to 1.</param>
/// <param name="Support">The number of this class's images.</param>
internal sealed record ClassReport(string Label, double Precision, double Recall, double F1, int Support)
{
    /// <summary>Computes the metrics of a class from the confusion matrix.</summary>
    /// <param name="label">The class name.</param>
    /// <param name="index">The class index.</param>
    /// <param name="confusion">The number of images by true class (row) and predicted class (column).</param>
    public static ClassReport Of(string label, int index, int[][] confusion)
    {
        int correct = confusion[index][index], support = confusion[index].Sum(), predicted = confusion.Sum(row => row[index]);
        return new(label, Share(correct, predicted), Share(correct, support), Share(2.0 * correct, predicted + support), support);
    }

    private static double Share(double part, int whole) => whole == 0 ? 0 : part / whole;
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(EvaluationReport))]
internal sealed partial class EvaluationJson : JsonSerializerContext;
