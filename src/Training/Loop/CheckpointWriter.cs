using System.Diagnostics;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>Writes a run's checkpoints: at the end of epochs, and within those that are long.</summary>
internal sealed class CheckpointWriter(TrainingOptions options, IReadOnlyDictionary<string, FloatBuffer> buffers, Action<TrainingEvent> tell)
{
    // An epoch of a step or two takes less time than writing all it learnt: a tenth of the time may go into that.
    private const int SavingShare = 10;

    private readonly Stopwatch since = Stopwatch.StartNew();
    private TimeSpan lastTook;

    /// <summary>Whether an epoch has gone on for so long that what it learnt so far is worth a checkpoint.</summary>
    public bool DueWithinEpoch => since.Elapsed >= options.BetweenCheckpoints;

    /// <summary>Whether an epoch that has ended is worth one.</summary>
    public bool DueAfterEpoch => since.Elapsed >= SavingShare * lastTook || DueWithinEpoch;

    /// <summary>Writes a checkpoint, and gives the state with the time since the last one counted.</summary>
    /// <exception cref="FoveaException">It cannot be written; the one before is whole.</exception>
    public TrainingState Save(TrainingState state)
    {
        state = Counted(state);
        Write(state);
        return state;
    }

    /// <summary>The same, but a failure is only told: a disk that is full now may have room at the next try, and what is learnt until then is not lost.</summary>
    public TrainingState TrySave(TrainingState state)
    {
        state = Counted(state);
        try
        {
            Write(state);
        }
        catch (FoveaException e)
        {
            tell(new CheckpointFailed(options.Checkpoint, e.Message));
        }

        return state;
    }

    private void Write(TrainingState state)
    {
        Checkpoint.Save(options.Checkpoint, state, buffers);
        lastTook = since.Elapsed;
        tell(new CheckpointSaved(options.Checkpoint, state.Epoch, state.StepsInEpoch));
    }

    private TrainingState Counted(TrainingState state)
    {
        state = state with { Seconds = state.Seconds + since.Elapsed.TotalSeconds };
        since.Restart();
        return state;
    }
}
