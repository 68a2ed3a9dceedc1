using Microsoft.ML;
using Microsoft.ML.Data;

namespace Fovea.Training;

/// <summary>Runs a network on a batch: images [count, C, H, W] in, logits [count, classes] out.</summary>
internal delegate void Forward(Memory<float> images, int count, Memory<float> logits);

/// <summary>How well a network does on a data set, as ML.NET's evaluator has it.</summary>
/// <param name="Accuracy">Share of the images whose likeliest class is the right one, 0 to 1.</param>
/// <param name="MacroAccuracy">The mean over the classes that occur of each one's accuracy, 0 to 1: small classes count as much as large ones.</param>
/// <param name="Top5">Share of the images whose class is among the five likeliest, 0 to 1.</param>
/// <param name="Loss">Mean cross-entropy in nats.</param>
/// <param name="Confusion">Images by true class (row) and likeliest class (column).</param>
/// <param name="Outcomes">What the network said about each image, in the data set's order.</param>
internal sealed record Evaluation(double Accuracy, double MacroAccuracy, double Top5, double Loss, int[][] Confusion, IReadOnlyList<Outcome> Outcomes)
{
    private const int BatchSize = 64, Top = 5;

    /// <summary>Evaluates a network. <paramref name="done"/> is told the number of images seen.</summary>
    public static Evaluation Of(Forward forward, Dataset dataset, int classes, Action<int>? done = null, CancellationToken stop = default)
    {
        var outcomes = new List<Outcome>(dataset.Count);
        var logits = new float[BatchSize * classes];
        foreach (var batch in new BatchLoader(dataset, BatchSize).InOrder())
        {
            stop.ThrowIfCancellationRequested();
            forward(batch.Images.AsMemory(0, batch.Count * (int)dataset.Preprocessing.Shape.Size), batch.Count, logits.AsMemory(0, batch.Count * classes));
            for (int i = 0; i < batch.Count; i++)
            {
                outcomes.Add(Outcome.Of(logits.AsSpan(i * classes, classes), batch.Targets[i]));
            }

            done?.Invoke(outcomes.Count);
        }

        return Of(outcomes, classes);
    }

    /// <summary>The figures of outcomes.</summary>
    public static Evaluation Of(IReadOnlyList<Outcome> outcomes, int classes)
    {
        var ml = new MLContext();
        var schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Label)].ColumnType = schema[nameof(Row.PredictedLabel)].ColumnType = new KeyDataViewType(typeof(uint), classes);
        schema[nameof(Row.Score)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, classes);
        var figures = ml.MulticlassClassification.Evaluate(ml.Data.LoadFromEnumerable(outcomes.Select(Row.Of), schema), topKPredictionCount: Math.Min(Top, classes));
        int[][] confusion = [.. figures.ConfusionMatrix.Counts.Select(row => row.Select(count => (int)count).ToArray())];
        return new(figures.MicroAccuracy, figures.MacroAccuracy, figures.TopKAccuracy, figures.LogLoss, confusion, outcomes);
    }

    // ML.NET's columns. Keys count from 0 here, and from 1 once they are loaded.
    private sealed class Row
    {
        public uint Label { get; set; }

        public uint PredictedLabel { get; set; }

        public float[] Score { get; set; } = [];

        public static Row Of(Outcome o) => new() { Label = (uint)o.Target, PredictedLabel = (uint)o.Predicted, Score = o.Probabilities };
    }
}
