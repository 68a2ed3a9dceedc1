using Fovea.Models.Layers;
using Fovea.Training.Features;
using Fovea.Training.TransferLearning;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace Fovea.Training.Tests.TransferLearning;

public sealed class HeadSearchTests
{
    private const int Classes = 3, Width = 12;

    [Theory, InlineData(1.0), InlineData(0.03)]
    public void Head_gives_the_probabilities_of_MLNET(double penalty)
    {
        var set = Draw(90, spread: 1.2f);
        var head = new HeadSearch(set, Classes, null, TestContext.Current.CancellationToken).Train(penalty);

        // ML.NET's penalty is in the same units: of the sum of the losses over the rows.
        var scale = new FeatureScale(set.Rows);
        var context = new MLContext(seed: 0);
        var schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, Width);
        schema[nameof(Row.Label)].ColumnType = new KeyDataViewType(typeof(uint), Classes);
        var rows = context.Data.LoadFromEnumerable(
            set.Rows.Zip(set.Targets, (row, target) => new Row { Features = scale.Apply(row), Label = (uint)target }), schema);
        var trained = context.MulticlassClassification.Trainers.LbfgsMaximumEntropy(new LbfgsMaximumEntropyMulticlassTrainer.Options
        {
            L1Regularization = 0,
            L2Regularization = (float)penalty,
            NumberOfThreads = 1,
            OptimizationTolerance = 1e-8f,
            MaximumNumberOfIterations = 1000,
        }).Fit(rows);
        var expected = trained.Transform(rows).GetColumn<float[]>("Score").ToArray();
        Assert.All(set.Rows.Zip(expected), pair => Assert.All(
            Softmax(head.Logits(pair.First)).Zip(pair.Second), p => Assert.Equal(p.Second, p.First, 0.01)));
    }

    [Fact]
    public void Penalty_is_strong_where_features_tell_little_and_weak_where_they_tell_all()
    {
        Assert.True(Chosen(Draw(60, spread: 12)) > Chosen(Draw(60, spread: 0.2f)));
    }

    [Fact]
    public void Features_that_vary_most_count_most_where_the_others_are_noise()
    {
        // If each feature had its own scale, the noise would be as large as the features that tell the classes apart.
        var set = Draw(60, spread: 0.5f).Select(
            row => [.. row, .. Enumerable.Range(1, 200).Select(i => 0.05f * MathF.Sin(i * row[0] * 997))]);
        var own = new FeatureScale(set.Rows).Apply(set.Rows[0]);
        var shared = new FeatureScale(set.Rows, isShared: true).Apply(set.Rows[0]);
        Assert.True(shared[..Width].Sum(Math.Abs) > 3 * own[..Width].Sum(Math.Abs));
        var judged = HeadSearch.Best(set, Classes, null, TestContext.Current.CancellationToken).Head.Judge(set);
        Assert.True(judged.Average(j => j.IsRight ? 1.0 : 0) > 0.9);
    }

    [Fact]
    public void Mirror_images_with_equal_features_change_nothing()
    {
        var set = Draw(60, spread: 1);
        var once = Search(set).Head;
        var twice = Search(set with { Mirrored = set.Rows }).Head;
        Assert.All(set.Rows, row => Assert.All(
            once.Logits(row).Zip(twice.Logits(row)), pair => Assert.Equal(pair.First, pair.Second, 0.02f)));
    }

    [Fact]
    public void Balanced_weights_raise_the_recall_of_the_rare_class()
    {
        var all = Draw(240, spread: 3);
        var rare = all.Subset([.. Enumerable.Range(0, all.Rows.Count).Where(i => all.Targets[i] != 0 || i % 8 == 0)]);
        int[] counts = [.. Enumerable.Range(0, Classes).Select(c => rare.Targets.Count(target => target == c))];
        float[] balanced = [.. counts.Select(count => (float)rare.Rows.Count / (Classes * count))];
        Assert.True(Recall(balanced) > Recall(null));

        double Recall(float[]? weights)
        {
            var head = HeadSearch.Best(rare, Classes, weights, TestContext.Current.CancellationToken).Head;
            return head.Judge(all.Subset([.. Enumerable.Range(0, all.Rows.Count).Where(i => all.Targets[i] == 0)]))
                .Average(judged => judged.IsRight ? 1.0 : 0);
        }
    }

    private static double Chosen(FeatureSet set) => Search(set).Curve.Single(penalty => penalty.Chosen).Penalty;

    private static FoundHead Search(FeatureSet set) =>
        HeadSearch.Best(set, Classes, null, TestContext.Current.CancellationToken);

    // Clouds of points around a centre for each class.
    private static FeatureSet Draw(int count, float spread)
    {
        var random = new SeededRandom(5);
        var targets = new int[count];
        var rows = new float[count][];
        for (int i = 0; i < count; i++)
        {
            targets[i] = i % Classes;
            rows[i] = new float[Width];
            for (int f = 0; f < Width; f++)
            {
                rows[i][f] = (f % Classes == targets[i] ? 1 : 0) + (spread * random.Normal());
            }
        }

        return new(rows, targets);
    }

    private static double[] Softmax(float[] logits)
    {
        double sum = logits.Sum(logit => Math.Exp(logit));
        return Array.ConvertAll(logits, logit => Math.Exp(logit) / sum);
    }

    private sealed class Row
    {
        public float[] Features { get; set; } = [];

        public uint Label { get; set; }
    }
}
