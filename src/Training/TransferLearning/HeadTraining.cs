using System.Diagnostics;
using Fovea.Models.Errors;
using Fovea.Models.Heads;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Confidence;
using Fovea.Training.DataQuality;
using Fovea.Training.Datasets;
using Fovea.Training.Features;
using Fovea.Training.Recipes;

namespace Fovea.Training.TransferLearning;

/// <summary>Computes the features of all images once with the frozen layers, and trains a new head on them.</summary>
/// <param name="model">The network.</param>
/// <param name="train">The training images.</param>
/// <param name="validation">The images that judge the head. They choose nothing: the penalty is chosen on the training images.</param>
/// <param name="options">The device, the class weights, and whether mirror images are training images too.</param>
/// <param name="tell">Receives the events.</param>
internal sealed class HeadTraining(
    BaseModel model, Dataset train, Dataset validation, TrainingOptions options, Action<TrainingEvent> tell)
{
    // The largest number of training images for which mirror images are used. Mirror images double the time for features, and many images
    // vary enough without them.
    private const int FewImages = 2_000;

    private readonly ClassifierHead head = model.Head;
    private readonly Stopwatch running = Stopwatch.StartNew();
    private readonly bool mirrors = options.Augmentation.Flip > 0 && train.Count <= FewImages;
    private int done;

    /// <summary>Trains the head and judges it on the validation images.</summary>
    /// <exception cref="FoveaException">An image cannot be read, or the network cannot be run on the images.</exception>
    public TrainedHead Run(CancellationToken stop)
    {
        // The factor of the probabilities is chosen when they are known.
        running.Restart();
        var image = train.Preprocessing.Shape;
        var both = model.HeadWithProbabilities(factor: 1) ?? head;
        using var extractor = new FeatureExtractor(both.Backbone(image), both.FeatureCount, options.Device);
        var opening = running.Elapsed;
        if (extractor.RewriteFailure is { } failure)
        {
            tell(new NotRewritten(failure));
        }

        running.Restart();
        var known = extractor.Read(train, Tell, stop, mirrors);
        var unseen = extractor.Read(validation, Tell, stop);
        var speed = new FeatureSpeed(opening, done / running.Elapsed.TotalSeconds);
        var (factor, best) = Search(ref known, ref unseen, stop);
        var (found, curve, outOfFold) = best;
        foreach (var penalty in curve)
        {
            tell(penalty);
        }

        var judged = found.Judge(unseen);
        double loss = judged.Average(j => j.Loss), accuracy = judged.Average(j => j.IsRight ? 1.0 : 0);
        tell(new HeadTrained(loss, accuracy));
        var fitted = Calibrator.Fit(known.Select(row => row[..head.ImageFeatureCount]), outOfFold);
        return new(found, curve, loss, accuracy, [.. judged.Select(j => j.Loss)], speed, fitted)
        {
            ProbabilityFactor = factor,
            Judged = new JudgedLabels(best.Judged, outOfFold).With(Unseen(found, unseen)),
        };
    }

    // Trains a head on the features, and one that also reads the probabilities of the network's own classes, where it has them. Keeps the
    // head with the lower loss in cross-validation, and the rows that it reads.
    private (float? Factor, FoundHead Found) Search(ref FeatureSet known, ref FeatureSet unseen, CancellationToken stop)
    {
        int width = head.FeatureCount, roots = known.Rows[0].Length - width;
        if (roots == 0)
        {
            return (null, HeadSearch.Best(known, train.Labels.Count, options.ClassWeights, stop, width - head.ImageFeatureCount));
        }

        float factor = ProbabilityFeatures.Balance(known.Rows, width);
        var (plain, scaled) = (known.Select(row => row[..width]), ProbabilityFeatures.Scaled(known, width, factor));
        var best = HeadSearch.Best([(plain, 0), (scaled, roots)], train.Labels.Count, options.ClassWeights, stop);
        bool isPlain = best.Head.Weights.Length == train.Labels.Count * width;
        (known, unseen) = isPlain
            ? (plain, unseen.Select(row => row[..width]))
            : (scaled, ProbabilityFeatures.Scaled(unseen, width, factor));
        return (isPlain ? null : factor, best);
    }

    // Returns the head's predictions for the validation images, on which it was not trained.
    private JudgedLabels Unseen(LinearHead found, FeatureSet unseen) => new(
        [.. Enumerable.Range(train.Count, unseen.Rows.Count)],
        new([.. unseen.Rows.Select(row => found.Logits(row))], unseen.Targets, unseen.LabelSets));

    private void Tell(int images)
    {
        done += images;
        double perSecond = done / running.Elapsed.TotalSeconds;
        int all = (train.Count * (mirrors ? 2 : 1)) + validation.Count;
        tell(new FeaturesDone(done, all, perSecond, (all - done) / perSecond));
    }
}
