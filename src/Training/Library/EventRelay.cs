using Fovea.Models.TrainingEvents;

namespace Fovea.Training.Library;

/// <summary>Passes the events of a run on, and keeps the event that names the written files.</summary>
/// <param name="progress">Receives the events; null: the events are dropped.</param>
internal sealed class EventRelay(IProgress<TrainingEvent>? progress)
{
    private RunFinished? finished;

    /// <summary>The files that the run has written. Read this only after the run has finished.</summary>
    public TrainedClassifier Trained =>
        new(finished!.Output, Path.ChangeExtension(finished.Output, ".html"), finished.ValidationAccuracy, finished.ValidationLoss);

    /// <summary>Passes an event on.</summary>
    public void Tell(TrainingEvent e)
    {
        finished = e as RunFinished ?? finished;
        progress?.Report(e);
    }
}
