using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace Fovea.Training;

/// <summary>
/// Trains a linear head with ML.NET: maximum entropy by L-BFGS, on one thread, so that equal features give equal weights.
/// </summary>
internal sealed class MaximumEntropy
{
    // L2 penalties on the mean loss, from strong to almost none for feature rows of length 1.
    private static readonly float[] Penalties = [1e-2f, 1e-3f, 1e-4f, 1e-5f];

    private readonly MLContext context = new(seed: 0);
    private readonly FeatureSet train;
    private readonly FeatureScale scale;
    private readonly int classes;
    private readonly CancellationToken stop;
    private readonly IDataView rows;

    public MaximumEntropy(FeatureSet train, int classes, CancellationToken stop)
    {
        (this.train, this.classes, this.stop, scale) = (train, classes, stop, new FeatureScale(train.Rows));
        rows = View(train);
    }

    /// <summary>
    /// The head whose penalty does best on the validation rows, by loss, and the one of the firmest, which is sure of little: for learning
    /// to go on from.
    /// </summary>
    public (LinearHead Best, LinearHead Cautious) Heads(FeatureSet validation)
    {
        var heads = Array.ConvertAll(Penalties, penalty => Folded(Train(penalty)));
        return (heads.MinBy(head => head.Evaluate(validation).Loss)!, heads[0]);
    }

    /// <summary>ML.NET's own model, over scaled features.</summary>
    public MulticlassPredictionTransformer<MaximumEntropyModelParameters> Train(float penalty) => context.MulticlassClassification.Trainers.LbfgsMaximumEntropy(new LbfgsMaximumEntropyMulticlassTrainer.Options
    {
        L1Regularization = 0,
        L2Regularization = penalty * train.Rows.Count,
        NumberOfThreads = 1,
        OptimizationTolerance = 1e-6f,
        MaximumNumberOfIterations = 500,
    }).Fit(rows);

    /// <summary>A model as a head over plain features.</summary>
    public LinearHead Folded(MulticlassPredictionTransformer<MaximumEntropyModelParameters> trained)
    {
        VBuffer<float>[]? weights = null;
        trained.Model.GetWeights(ref weights, out _);
        int features = train.Rows[0].Length;
        var head = new LinearHead(new float[classes * features], [.. trained.Model.GetBiases()]);
        for (int c = 0; c < classes; c++)
        {
            var row = head.Weights.AsSpan(c * features, features);
            weights[c].CopyTo(row);
            scale.Fold(row, ref head.Bias[c]);
        }

        return head;
    }

    /// <summary>Rows as ML.NET reads them, scaled.</summary>
    public IDataView View(FeatureSet set)
    {
        var schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, set.Rows[0].Length);
        schema[nameof(Row.Label)].ColumnType = new KeyDataViewType(typeof(uint), (ulong)classes);
        Row[] scaled = [.. set.Rows.Zip(set.Targets, (row, target) => new Row(scale.Apply(row), (uint)target))];
        return context.Data.LoadFromEnumerable(Stoppable(scaled), schema);
    }

    // ML.NET has no cancellation, so the rows that it reads throw when the run is stopped.
    private IEnumerable<Row> Stoppable(Row[] scaled)
    {
        foreach (var row in scaled)
        {
            stop.ThrowIfCancellationRequested();
            yield return row;
        }
    }

    private sealed class Row(float[] features, uint label)
    {
        public float[] Features { get; } = features;

        public uint Label { get; } = label;
    }
}
