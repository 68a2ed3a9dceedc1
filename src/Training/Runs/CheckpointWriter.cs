using System.Diagnostics;
using Fovea.Models.Errors;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Recipes;
using Fovea.Training.Steps;

namespace Fovea.Training.Runs;

/// <summary>Writes a run's checkpoints: at the end of epochs, and during epochs that take longer than the checkpoint interval.</summary>
/// <param name="options">The interval and the path.</param>
/// <param name="buffers">The buffers to save, by the names of their tensors.</param>
/// <param name="publish">Receives an event for each checkpoint, written or failed.</param>
internal sealed class CheckpointWriter(
    TrainingOptions options, IReadOnlyDictionary<string, FloatBuffer> buffers, Action<TrainingEvent> publish)
{
    // Writing a checkpoint can take longer than a short epoch. Training lasts at least this many times as long as the last write before the
    // next one, so checkpoints take at most about a tenth of the time.
    private const int MinimumTrainingPerWrite = 10;

    private readonly Stopwatch sinceLastSave = Stopwatch.StartNew();
    private TimeSpan lastWriteTime;

    /// <summary>Whether the checkpoint interval has passed since the last checkpoint.</summary>
    public bool DueWithinEpoch => options.HasCheckpoints && sinceLastSave.Elapsed >= options.BetweenCheckpoints;

    /// <summary>
    /// Whether to write a checkpoint after an epoch: the interval has passed, or writing takes little time compared with training.
    /// </summary>
    public bool DueAfterEpoch =>
        options.HasCheckpoints && (sinceLastSave.Elapsed >= MinimumTrainingPerWrite * lastWriteTime || DueWithinEpoch);

    /// <summary>Writes a checkpoint, if the run writes checkpoints.</summary>
    /// <returns>The state, with the training time since the last checkpoint added.</returns>
    /// <exception cref="FoveaException">The checkpoint cannot be written; the previous checkpoint is intact.</exception>
    public TrainingState Save(TrainingState state)
    {
        state = WithElapsedTime(state);
        Write(state);
        return state;
    }

    /// <summary>
    /// Writes a checkpoint, if the run writes checkpoints. A failure only publishes an event and training continues, because a full disk
    /// may have space again at the next checkpoint.
    /// </summary>
    /// <returns>The state, with the training time since the last checkpoint added.</returns>
    public TrainingState TrySave(TrainingState state)
    {
        state = WithElapsedTime(state);
        try
        {
            Write(state);
        }
        catch (FoveaException e)
        {
            publish(new CheckpointFailed(options.Checkpoint, e.Message));
        }

        return state;
    }

    private void Write(TrainingState state)
    {
        if (!options.HasCheckpoints)
        {
            return;
        }

        Checkpoint.Save(options.Checkpoint, state, buffers);
        lastWriteTime = sinceLastSave.Elapsed;
        publish(new CheckpointSaved(options.Checkpoint, state.Epoch, state.StepsInEpoch));
    }

    private TrainingState WithElapsedTime(TrainingState state)
    {
        state = state with { Seconds = state.Seconds + sinceLastSave.Elapsed.TotalSeconds };
        sinceLastSave.Restart();
        return state;
    }
}
