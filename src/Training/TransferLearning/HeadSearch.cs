using Fovea.Models.Layers;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Confidence;
using Fovea.Training.DataQuality;
using Fovea.Training.Features;

namespace Fovea.Training.TransferLearning;

/// <summary>
/// Trains a linear head on features, with the penalty of the weights that does best in cross-validation, where each image is judged by a
/// head that was trained without this image. The search trains a head for every penalty, from strong to weak, and starts at the head of the
/// previous penalty. It tries both ways to scale the features.
/// </summary>
internal sealed class HeadSearch
{
    // The penalties, in units of the loss of one image for feature rows of length 1, so that the same penalties suit few images and many.
    private static readonly double[] Penalties = [10, 3, 1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001];

    // Whether all features share one factor. Both choices are tried.
    private static readonly bool[] ScaleChoices = [false, true];

    // With many images, three folds judge as well as five, in less time.
    private const int Folds = 5, FoldsOfMany = 3, Many = 5_000;

    private const int MostKept = 2_000;

    private const double RoughTolerance = 1e-4, FinalTolerance = 1e-6;

    private readonly FeatureSet train;
    private readonly FeatureScale scale;
    private readonly int classes;
    private readonly IReadOnlyList<float>? classWeights;
    private readonly CancellationToken stop;

    /// <param name="train">The features of the training images.</param>
    /// <param name="classes">The number of classes or labels.</param>
    /// <param name="classWeights">The weight of each class; null for 1.</param>
    /// <param name="stop">Cancels the search.</param>
    /// <param name="isShared">Whether all features are scaled by one factor, as <see cref="FeatureScale"/> says.</param>
    /// <param name="roots">The number of roots of probabilities at the end of a row; default 0.</param>
    internal HeadSearch(
        FeatureSet train, int classes, IReadOnlyList<float>? classWeights, CancellationToken stop, bool isShared = false, int roots = 0)
    {
        scale = new FeatureScale(train.Rows, isShared, roots);
        this.train = train.Select(scale.Apply);
        (this.classes, this.classWeights, this.stop) = (classes, classWeights, stop);
    }

    /// <summary>
    /// Trains the head with the scale and the penalty that have the lowest loss in cross-validation. Mirror images are used if they lower
    /// this loss. They raise it if left and right make a difference.
    /// </summary>
    /// <inheritdoc cref="HeadSearch(FeatureSet, int, IReadOnlyList{float}, CancellationToken, bool, int)"/>
    public static FoundHead Best(
        FeatureSet train, int classes, IReadOnlyList<float>? classWeights, CancellationToken stop, int roots = 0) =>
        Best([(train, roots)], classes, classWeights, stop);

    /// <summary>Trains the head as above, on the rows of features with which the loss is the lowest.</summary>
    /// <param name="choices">The rows that a head may read, and the number of roots of probabilities at the end of each row.</param>
    /// <param name="classes">The number of classes or labels.</param>
    /// <param name="classWeights">The weight of each class; null for 1.</param>
    /// <param name="stop">Cancels the search.</param>
    public static FoundHead Best(
        IReadOnlyList<(FeatureSet Rows, int Roots)> choices, int classes, IReadOnlyList<float>? classWeights, CancellationToken stop)
    {
        var all = choices.SelectMany(choice => Views(choice.Rows), (choice, set) => (set, choice.Roots));
        var (best, judged) = Choose(all, classes, classWeights, stop);
        return best.Final(judged);

        static FeatureSet[] Views(FeatureSet set) => set.Mirrored is null ? [set] : [set with { Mirrored = null }, set];
    }

    /// <summary>
    /// Predicts each image by a head that was trained without this image, with the scale and the penalty that have the lowest loss. The
    /// heads are trained twice, the second time without the images whose labels the first round finds wrong.
    /// </summary>
    /// <param name="images">The features of the images.</param>
    /// <param name="classes">The number of classes or labels.</param>
    /// <param name="stop">Cancels the search.</param>
    public static HeldOutPredictions OutOfFold(FeatureSet images, int classes, CancellationToken stop)
    {
        var (best, judged) = Choose([(images with { Mirrored = null }, 0)], classes, null, stop);
        double penalty = judged.Curve.First(tried => tried.Chosen).Penalty;
        var doubts = LabelDoubt.All(best.OutOfFold(penalty, new HashSet<int>()));
        return best.OutOfFold(penalty, doubts.Where(doubt => doubt.IsConfident).Select(doubt => doubt.Image).ToHashSet());
    }

    private static (HeadSearch Search, Judgement Judged) Choose(
        IEnumerable<(FeatureSet Rows, int Roots)> choices, int classes, IReadOnlyList<float>? classWeights, CancellationToken stop) =>
        choices.SelectMany(choice => ScaleChoices.Select(
            isShared => new HeadSearch(choice.Rows, classes, classWeights, stop, isShared, choice.Roots)))
        .Select(search => (Search: search, Judged: search.Judge()))
        .MinBy(one => one.Judged.Curve.Min(penalty => penalty.Loss));

    private HeldOutPredictions OutOfFold(double penalty, HashSet<int> without)
    {
        var logits = new float[train.Rows.Count][];
        foreach (var fold in SplitIntoFolds())
        {
            var others = train.Subset([.. Enumerable.Range(0, train.Rows.Count).Except(fold).Where(i => !without.Contains(i))]);
            var head = Path(others, RoughTolerance, [penalty]).Single();
            foreach (int i in fold)
            {
                logits[i] = head.Logits(train.Rows[i]);
            }
        }

        return new(logits, train.Targets, train.LabelSets);
    }

    // Judges every penalty by cross-validation. Keeps the logits of some images, since the logits of all images would take much memory.
    private Judgement Judge()
    {
        var folds = SplitIntoFolds();
        int step = (train.Rows.Count + MostKept - 1) / MostKept;
        var logits = Penalties.Select(_ => new Dictionary<int, float[]>()).ToArray();
        var losses = new double[Penalties.Length][];
        var rights = new bool[Penalties.Length][];
        for (int p = 0; p < Penalties.Length; p++)
        {
            (losses[p], rights[p]) = (new double[train.Rows.Count], new bool[train.Rows.Count]);
        }

        foreach (var fold in folds)
        {
            var others = train.Subset([.. Enumerable.Range(0, train.Rows.Count).Except(fold)]);
            var aside = train.Subset(fold);
            foreach (var (p, head) in Path(others, RoughTolerance, Penalties).Index())
            {
                foreach (var (i, judged) in fold.Zip(head.Judge(aside)))
                {
                    (losses[p][i], rights[p][i]) = judged;
                }

                foreach (int i in fold.Where(i => i % step == 0))
                {
                    logits[p].Add(i, head.Logits(train.Rows[i]));
                }
            }
        }

        var weights = Enumerable.Range(0, train.Rows.Count).Select(Weight).ToArray();
        double[] means = [.. losses.Select(all => all.Zip(weights, (loss, weight) => loss * weight).Sum() / weights.Sum())];
        int best = Array.IndexOf(means, means.Min());
        PenaltyTried[] curve =
        [
            .. Penalties.Select((penalty, p) => new PenaltyTried(
                penalty, means[p], rights[p].Average(isRight => isRight ? 1.0 : 0), folds.Length, p == best)),
        ];
        int[] kept = [.. logits[best].Keys.Order()];
        var set = train.Subset(kept);
        return new(curve, new([.. kept.Select(i => logits[best][i])], set.Targets, set.LabelSets), kept);
    }

    private FoundHead Final(Judgement judged)
    {
        int chosen = Array.FindIndex(judged.Curve, penalty => penalty.Chosen);
        return new(Folded(Path(train, FinalTolerance, Penalties[..(chosen + 1)]).Last()), judged.Curve, judged.OutOfFold)
        {
            Judged = judged.Kept,
        };
    }

    /// <summary>Trains a head with one penalty, and returns it for unscaled features. A test compares it with ML.NET.</summary>
    internal LinearHead Train(double penalty) => Folded(Path(train, FinalTolerance, [penalty]).Single());

    // Deals the images of each class to the folds in turn, in an order that is the same in every run.
    private int[][] SplitIntoFolds()
    {
        int count = Math.Min(train.Rows.Count, train.Rows.Count > Many ? FoldsOfMany : Folds);
        var dealt = new SeededRandom(0).Permutation(train.Rows.Count).GroupBy(i => train.Targets[i]).SelectMany(c => c).Index();
        return [.. dealt.GroupBy(pair => pair.Index % count).Select(fold => fold.Select(pair => pair.Item).Order().ToArray())];
    }

    // Returns a head for each penalty, for scaled rows. With a weak penalty, a search from a distant start takes long, so each search
    // starts at the previous head.
    private IEnumerable<LinearHead> Path(FeatureSet set, double tolerance, double[] penalties)
    {
        float[][] rows = [.. set.Rows, .. set.Mirrored ?? []];
        int views = rows.Length / set.Rows.Count, width = rows[0].Length;
        using var objective = new LogisticObjective(rows, classes, set.LabelSets is not null);
        double total = 0;
        for (int row = 0; row < rows.Length; row++)
        {
            int image = row % set.Rows.Count;
            var target = objective.Targets.Slice(row * classes, classes);
            float weight = set.LabelSets is null ? WeightOf(set.Targets[image]) : 1;
            foreach (int label in set.LabelSets?[image] ?? [set.Targets[image]])
            {
                target[label] = weight;
            }

            total += weight;
        }

        float[]? parameters = null;
        foreach (double penalty in penalties)
        {
            // An image has a row for each view (itself and its mirror image), so the penalty is multiplied by the number of views.
            parameters = objective.Minimize(penalty * views, total, parameters, tolerance, stop);
            yield return new(parameters[..(classes * width)], parameters[(classes * width)..]);
        }
    }

    private LinearHead Folded(LinearHead scaled)
    {
        var head = new LinearHead([.. scaled.Weights], [.. scaled.Bias]);
        int width = head.Weights.Length / classes;
        for (int c = 0; c < classes; c++)
        {
            scale.Fold(head.Weights.AsSpan(c * width, width), ref head.Bias[c]);
        }

        return head;
    }

    private float Weight(int image) => train.LabelSets is null ? WeightOf(train.Targets[image]) : 1;

    private float WeightOf(int label) => classWeights?[label] ?? 1;

    private sealed record Judgement(PenaltyTried[] Curve, HeldOutPredictions OutOfFold, int[] Kept);
}

/// <summary>A head, and how its penalty was chosen.</summary>
/// <param name="Head">The head, for unscaled features.</param>
/// <param name="Curve">Every penalty that was tried, from strong to weak.</param>
/// <param name="OutOfFold">The predictions for up to 2,000 training images, each by a head that was trained without the image.</param>
internal sealed record FoundHead(LinearHead Head, IReadOnlyList<PenaltyTried> Curve, HeldOutPredictions OutOfFold)
{
    /// <summary>The index among the training images of each image of <see cref="OutOfFold"/>.</summary>
    public IReadOnlyList<int> Judged { get; init; } = [];
}
