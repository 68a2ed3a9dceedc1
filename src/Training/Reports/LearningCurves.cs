using System.Globalization;
using System.Xml.Linq;
using Fovea.Models.Graphs;
using Fovea.Models.TrainingEvents;

namespace Fovea.Training.Reports;

/// <summary>The section of the page with loss, accuracy and learning rate by epoch.</summary>
internal static class LearningCurves
{
    /// <summary>Returns the section.</summary>
    /// <param name="epochs">The epochs in order, at least one.</param>
    /// <param name="best">The epoch whose weights the file holds; null if these weights are from before the first epoch.</param>
    public static XElement Of(IReadOnlyList<EpochDone> epochs, int? best)
    {
        const string Heading = "Learning curves";
        const string Meaning = "The loss should fall and the accuracy should rise until both become flat. If the training curve keeps "
            + "improving while the validation curve gets worse, the network overfits. The training curve is measured on augmented images, "
            + "and during the epoch instead of after it, so it can start worse than the validation curve.";
        double highestLoss = epochs.Max(e => Math.Max(e.Loss, e.ValidationLoss)), highestRate = epochs.Max(e => e.LearningRate);
        double lowestAccuracy = LowestAccuracy(epochs);
        int percentDecimals = lowestAccuracy > 0.94 ? 1 : 0;
        return Html.Section(
            "curves", Heading, best is { } b ? $"{Meaning} The vertical line marks epoch {b}, whose weights the file holds." : Meaning,
            new XElement(
                "div", new XAttribute("class", "charts"),
                Chart("Loss", epochs, e => e.Loss, e => e.ValidationLoss, (0, 1.05 * Math.Max(1e-6, highestLoss)), Short, best),
                Chart(
                    "Accuracy", epochs, e => e.Accuracy, e => e.ValidationAccuracy, (lowestAccuracy, 1),
                    v => Html.Percent(v, percentDecimals), best),
                Chart("Learning rate", epochs, e => e.LearningRate, null, (0, 1.05 * Math.Max(1e-12, highestRate)), Short, best)),
            Html.Details("All values by epoch", Html.Table("Epochs", "numbers", Columns, epochs.Select(Row))));
    }

    private static readonly string[] Columns =
        ["Epoch", "Learning rate at the end", "Training loss", "Training accuracy", "Validation loss", "Validation accuracy"];

    private static XElement Row(EpochDone e) => Html.Row(
        Html.Number(e.Epoch),
        Short(e.LearningRate),
        Html.Number(e.Loss, 4),
        Html.Percent(e.Accuracy, 2),
        Html.Number(e.ValidationLoss, 4),
        Html.Percent(e.ValidationAccuracy, 2));

    private static XElement Chart(
        string title,
        IReadOnlyList<EpochDone> epochs,
        Func<EpochDone, double> training,
        Func<EpochDone, double>? validation,
        (double Low, double High) range,
        Func<double, string> format,
        int? best)
    {
        string Change(Func<EpochDone, double> curve) => $"from {format(curve(epochs[0]))} to {format(curve(epochs[^1]))}";
        string description = validation is null
            ? $"By epoch: {Change(training)}."
            : $"By epoch: training {Change(training)}, validation {Change(validation)}.";
        var x = (1, Math.Max(epochs[^1].Epoch, 2), "epoch");
        var plot = new Plot(title, description, x, range, v => v % 1 == 0 ? Html.Number(v) : "", format);
        if (best is { } epoch)
        {
            plot.Rule("best", (epoch, range.Low), (epoch, range.High));
        }

        plot.Line("training", [.. epochs.Select(e => ((double)e.Epoch, training(e)))]);
        if (validation is null)
        {
            return plot.Figure(title);
        }

        plot.Line("validation", [.. epochs.Select(e => ((double)e.Epoch, validation(e)))]);
        return plot.Figure(title, ("training", "training"), ("validation", "validation"));
    }

    // The lower end of the accuracy axis: the lowest accuracy rounded down to a multiple of 5 %, at most 99 %, so that small differences
    // are visible.
    private static double LowestAccuracy(IReadOnlyList<EpochDone> epochs) =>
        Math.Min(0.99, Math.Floor(20 * epochs.Min(e => Math.Min(e.Accuracy, e.ValidationAccuracy))) / 20);

    private static string Short(double value) => value.ToString("G3", CultureInfo.InvariantCulture);
}
