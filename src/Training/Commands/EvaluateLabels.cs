using System.Globalization;
using System.Text.Json;
using Fovea.Models.Errors;
using Fovea.Models.Runtime;
using Fovea.Training.Datasets;
using Fovea.Training.Evaluations;
using Fovea.Training.Reports;
using Spectre.Console;

namespace Fovea.Training.Commands;

/// <summary>Prints the metrics of the <c>evaluate</c> command for a model that can give an image several labels.</summary>
internal static class EvaluateLabels
{
    /// <summary>Evaluates a model on images with several labels, and prints the metrics.</summary>
    /// <param name="model">The model, each of whose outputs is the logit of a label.</param>
    /// <param name="dataset">The images, whose labels were matched with the model's labels.</param>
    /// <param name="asJson">Whether to print JSON.</param>
    /// <param name="stop">Cancels the evaluation.</param>
    /// <exception cref="FoveaException">An image cannot be read any more.</exception>
    public static void Run(Classifier model, Dataset dataset, bool asJson, CancellationToken stop)
    {
        var evaluation = MultiLabelEvaluation.Of(model.RunCalibrated, dataset, model.Labels, stop);
        if (asJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(evaluation, MultiLabelJson.Default.MultiLabelEvaluation));
            return;
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{dataset.Count} images: mean average precision {evaluation.MeanAveragePrecision * 100:F2} %, "
            + $"all labels right {evaluation.Accuracy * 100:F2} %, loss {evaluation.Loss:F4}"));
        var labels = new Table().RoundedBorder().AddColumns("Label", "Average precision", "Precision", "Recall", "F1", "Images");
        foreach (var c in evaluation.Classes)
        {
            labels.AddRow(
                Markup.Escape(c.Label), Share(c.AveragePrecision), Share(c.Precision), Share(c.Recall), Share(c.F1),
                c.Support.ToString(CultureInfo.InvariantCulture));
        }

        AnsiConsole.Write(labels);
    }

    private static string Share(double value) => value.ToString("F4", CultureInfo.InvariantCulture);
}
