using System.Globalization;
using System.Xml.Linq;

namespace Fovea.Training;

/// <summary>The page's part on how the network learnt.</summary>
internal static class LearningCurves
{
    public static XElement Of(IReadOnlyList<EpochDone> epochs, int? best)
    {
        const string Heading = "Learning curves";
        if (epochs.Count == 0)
        {
            return Html.Section("curves", Heading, "The network was not trained in epochs, so there are no curves to show.");
        }

        const string Meaning = "Both lines should fall for the loss and rise for the accuracy, and flatten in the end. Where training goes on getting better while validation gets "
            + "worse, the network learns its training images by heart. Training is measured on altered images while the weights still move, so it may start below validation.";
        return Html.Section(
            "curves", Heading, best is { } b ? $"{Meaning} The file holds the weights of epoch {b}, marked by the upright line." : Meaning,
            new XElement(
                "div", new XAttribute("class", "charts"),
                Chart("Loss", epochs, e => e.Loss, e => e.ValidationLoss, (0, 1.05 * Math.Max(1e-6, epochs.Max(e => Math.Max(e.Loss, e.ValidationLoss)))), v => Short(v), best),
                Chart("Accuracy", epochs, e => e.Accuracy, e => e.ValidationAccuracy, (LowestAccuracy(epochs), 1), v => Html.Percent(v, LowestAccuracy(epochs) > 0.94 ? 1 : 0), best),
                Chart("Learning rate", epochs, e => e.LearningRate, null, (0, 1.05 * Math.Max(1e-12, epochs.Max(e => e.LearningRate))), Short, best)),
            Html.Details("The figures of each epoch", Html.Table(
                "Epochs", "numbers", ["Epoch", "Learning rate at its end", "Training loss", "Training accuracy", "Validation loss", "Validation accuracy"],
                epochs.Select(e => Html.Row(
                    Html.Number(e.Epoch), Short(e.LearningRate), Html.Number(e.Loss, 4), Html.Percent(e.Accuracy, 2), Html.Number(e.ValidationLoss, 4), Html.Percent(e.ValidationAccuracy, 2))))));
    }

    private static XElement Chart(
        string title, IReadOnlyList<EpochDone> epochs, Func<EpochDone, double> training, Func<EpochDone, double>? validation, (double, double) range, Func<double, string> format, int? best)
    {
        string described = $"By epoch: {(validation is null ? "" : "training ")}from {format(training(epochs[0]))} to {format(training(epochs[^1]))}"
            + (validation is null ? "." : $", validation from {format(validation(epochs[0]))} to {format(validation(epochs[^1]))}.");
        var plot = new Plot(title, described, (1, Math.Max(epochs[^1].Epoch, 2), "epoch"), range, v => v % 1 == 0 ? Html.Number(v) : "", format);
        if (best is { } epoch)
        {
            plot.Rule("best", (epoch, range.Item1), (epoch, range.Item2));
        }

        plot.Line("training", [.. epochs.Select(e => ((double)e.Epoch, training(e)))]);
        if (validation is null)
        {
            return plot.Figure(title);
        }

        plot.Line("validation", [.. epochs.Select(e => ((double)e.Epoch, validation(e)))]);
        return plot.Figure(title, ("training", "training"), ("validation", "validation"));
    }

    // A twentieth below the lowest, so that what happens near the top is seen.
    private static double LowestAccuracy(IReadOnlyList<EpochDone> epochs) =>
        Math.Min(0.99, Math.Floor(20 * epochs.Min(e => Math.Min(e.Accuracy, e.ValidationAccuracy))) / 20);

    private static string Short(double value) => value.ToString("G3", CultureInfo.InvariantCulture);
}
