using System.Diagnostics;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>Computes the features of all images once with the frozen layers, and trains a new head on them.</summary>
internal sealed class HeadTraining(ClassifierHead head, Dataset train, Dataset validation, Device device, Action<TrainingEvent> tell)
{
    private readonly Stopwatch running = Stopwatch.StartNew();
    private int done;

    /// <summary>
    /// Trains the best head and a cautious one to go on from, and says how well the first does on the validation images: mean cross-entropy
    /// in nats, and the share classified rightly.
    /// </summary>
    /// <exception cref="FoveaException">An image cannot be read, or the network cannot be run on the images.</exception>
    public (LinearHead Best, LinearHead Cautious, double Loss, double Accuracy) Run(CancellationToken stop)
    {
        using var extractor = new FeatureExtractor(head.Backbone(train.Preprocessing.Shape), head.FeatureCount, device);
        var (known, unseen) = (extractor.Read(train, Tell, stop), extractor.Read(validation, Tell, stop));
        var (best, cautious) = new MaximumEntropy(known, train.Labels.Count, stop).Heads(unseen);
        var (loss, accuracy) = best.Evaluate(unseen);
        tell(new HeadTrained(loss, accuracy));
        return (best, cautious, loss, accuracy);
    }

    private void Tell(int images)
    {
        done += images;
        double perSecond = done / running.Elapsed.TotalSeconds;
        int all = train.Count + validation.Count;
        tell(new FeaturesDone(done, all, perSecond, (all - done) / perSecond));
    }
}
