using Fovea.Models.TrainingEvents;

namespace Fovea.Training.Library;

/// <summary>Passes the events of a run on, and keeps the one that says what the run has written.</summary>
/// <param name="progress">Receives the events; null: nothing does.</param>
internal sealed class EventRelay(IProgress<TrainingEvent>? progress)
{
    private RunFinished? finished;

    /// <summary>What the run has written, once it has ended.</summary>
    public TrainedClassifier Trained =>
        new(finished!.Output, Path.ChangeExtension(finished.Output, ".html"), finished.ValidationAccuracy, finished.ValidationLoss);

    /// <summary>Passes an event on.</summary>
    public void Tell(TrainingEvent e)
    {
        finished = e as RunFinished ?? finished;
        progress?.Report(e);
    }
}
