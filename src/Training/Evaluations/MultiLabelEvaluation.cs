using System.Text.Json.Serialization;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Training.Datasets;

namespace Fovea.Training.Evaluations;

/// <summary>
/// The metrics of a network that gives several labels on a data set, as <c>evaluate --json</c> prints them; the property names are the JSON
/// format. A label counts as found from a probability of 0.5 on.
/// </summary>
/// <param name="Accuracy">The share of images of which exactly the true labels are found, 0 to 1.</param>
/// <param name="MeanAveragePrecision">The mean of the labels' average precision, 0 to 1.</param>
/// <param name="Loss">The mean binary cross-entropy over images and labels, in nats.</param>
/// <param name="Classes">The metrics of each label that occurs in the data set.</param>
internal sealed record MultiLabelEvaluation(
    double Accuracy, double MeanAveragePrecision, double Loss, IReadOnlyList<LabelMetrics> Classes)
{
    private const int BatchSize = 64;

    /// <summary>
    /// Always true. Programs recognise by it that each image can have several labels; the JSON for one class per image lacks it.
    /// </summary>
    [JsonPropertyOrder(-1)]
    public bool MultiLabel { get; } = true;

    /// <summary>The loss of each image, in the data set's order.</summary>
    [JsonIgnore]
    public IReadOnlyList<double> Losses { get; private init; } = [];

    /// <summary>Runs a network on all images of a data set and computes its metrics.</summary>
    /// <param name="forward">The network.</param>
    /// <param name="dataset">The images. If each image has one class, this class is its only label.</param>
    /// <param name="labels">The names of the network's outputs.</param>
    /// <param name="stop">Cancels the evaluation.</param>
    /// <exception cref="FoveaException">An image cannot be read any more.</exception>
    public static MultiLabelEvaluation Of(Forward forward, Dataset dataset, IReadOnlyList<string> labels, CancellationToken stop)
    {
        var outcomes = new List<MultiLabelOutcome>(dataset.Count);
        var logits = new float[BatchSize * labels.Count];
        foreach (var batch in new BatchLoader(dataset, BatchSize).InOrder())
        {
            stop.ThrowIfCancellationRequested();
            var images = batch.Images.AsMemory(0, batch.Count * (int)dataset.Preprocessing.Shape.Size);
            forward(images, batch.Count, logits.AsMemory(0, batch.Count * labels.Count));
            for (int i = 0; i < batch.Count; i++)
            {
                outcomes.Add(MultiLabelOutcome.Of(
                    logits.AsSpan(i * labels.Count, labels.Count), batch.LabelSets?[i] ?? [batch.Targets[i]]));
            }
        }

        return Of(outcomes, labels);
    }

    /// <summary>Computes the metrics of predictions.</summary>
    /// <param name="outcomes">The predictions, at least one.</param>
    /// <param name="labels">The names of the network's outputs.</param>
    public static MultiLabelEvaluation Of(IReadOnlyList<MultiLabelOutcome> outcomes, IReadOnlyList<string> labels)
    {
        LabelMetrics[] metrics =
        [
            .. labels.Select((label, c) => LabelMetrics.Of(
                    label, [.. outcomes.Select(o => (o.Probabilities[c], o.Finds(c), o.Targets.Contains(c)))]))
                .Where(metric => metric.Support > 0),
        ];
        return new(
            outcomes.Average(o => o.IsRight ? 1.0 : 0),
            metrics.Length == 0 ? 0 : metrics.Average(metric => metric.AveragePrecision),
            outcomes.Average(o => o.Loss),
            metrics)
        {
            Losses = [.. outcomes.Select(o => o.Loss)],
        };
    }
}
