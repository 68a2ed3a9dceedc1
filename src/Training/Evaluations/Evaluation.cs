using Fovea.Models.Errors;
using Fovea.Training.Datasets;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Fovea.Training.Evaluations;

/// <summary>The metrics of a network on a data set, computed by ML.NET's evaluator.</summary>
/// <param name="Accuracy">The share of images whose likeliest class is correct, 0 to 1.</param>
/// <param name="MacroAccuracy">
/// The mean accuracy of the classes that occur, 0 to 1: each class counts the same, however many images it has.
/// </param>
/// <param name="Top5">The share of images whose class is among the five likeliest, 0 to 1.</param>
/// <param name="Loss">The mean cross-entropy in nats.</param>
/// <param name="Confusion">The number of images by true class (row) and likeliest class (column), [classes][classes].</param>
/// <param name="Outcomes">The prediction for each image, in the data set's order.</param>
internal sealed record Evaluation(
    double Accuracy, double MacroAccuracy, double Top5, double Loss, int[][] Confusion, IReadOnlyList<Outcome> Outcomes)
{
    private const int BatchSize = 64, Top = 5;

    /// <summary>Runs a network on all images of a data set and computes its metrics.</summary>
    /// <param name="forward">The network.</param>
    /// <param name="dataset">The images.</param>
    /// <param name="classes">The number of logits per image.</param>
    /// <param name="done">Receives the number of images evaluated so far, after each batch; null for no progress.</param>
    /// <param name="stop">Cancels the evaluation.</param>
    /// <exception cref="FoveaException">An image cannot be read any more.</exception>
    public static Evaluation Of(Forward forward, Dataset dataset, int classes, Action<int>? done = null, CancellationToken stop = default)
    {
        var outcomes = new List<Outcome>(dataset.Count);
        var logits = new float[BatchSize * classes];
        foreach (var batch in new BatchLoader(dataset, BatchSize).InOrder())
        {
            stop.ThrowIfCancellationRequested();
            var images = batch.Images.AsMemory(0, batch.Count * (int)dataset.Preprocessing.Shape.Size);
            forward(images, batch.Count, logits.AsMemory(0, batch.Count * classes));
            for (int i = 0; i < batch.Count; i++)
            {
                outcomes.Add(Outcome.Of(logits.AsSpan(i * classes, classes), batch.Targets[i]));
            }

            done?.Invoke(outcomes.Count);
        }

        return Of(outcomes, classes);
    }

    /// <summary>Computes the metrics of predictions.</summary>
    /// <param name="outcomes">The predictions, at least one.</param>
    /// <param name="classes">The number of classes.</param>
    public static Evaluation Of(IReadOnlyList<Outcome> outcomes, int classes)
    {
        var ml = new MLContext();
        var schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Label)].ColumnType = schema[nameof(Row.PredictedLabel)].ColumnType = new KeyDataViewType(typeof(uint), classes);
        schema[nameof(Row.Score)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, classes);
        var rows = ml.Data.LoadFromEnumerable(outcomes.Select(Row.Of), schema);
        var metrics = ml.MulticlassClassification.Evaluate(rows, topKPredictionCount: Math.Min(Top, classes));
        int[][] confusion = [.. metrics.ConfusionMatrix.Counts.Select(row => row.Select(count => (int)count).ToArray())];
        return new(metrics.MicroAccuracy, metrics.MacroAccuracy, metrics.TopKAccuracy, metrics.LogLoss, confusion, outcomes);
    }

    // The columns that ML.NET's evaluator expects. Keys are class indices from 0; ML.NET adds 1 when it loads them.
    private sealed class Row
    {
        public uint Label { get; set; }

        public uint PredictedLabel { get; set; }

        public float[] Score { get; set; } = [];

        public static Row Of(Outcome o) => new() { Label = (uint)o.Target, PredictedLabel = (uint)o.Predicted, Score = o.Probabilities };
    }
}
