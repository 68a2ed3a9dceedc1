namespace Fovea.Training.Runs;

/// <summary>Measures the epochs of a run, and tells whether the next epoch or the rest of an epoch fits into the time limit.</summary>
/// <param name="limit">The time from now on; null for no limit.</param>
/// <param name="time">The clock.</param>
internal sealed class TimeBudget(TimeSpan? limit, TimeProvider time)
{
    // The first steps of an epoch are slower than the others, so a quarter of the epoch is measured before its end is estimated.
    private const int MeasuredShare = 4;

    private readonly long start = time.GetTimestamp();
    private TimeSpan epochStart, lastEpoch, validation;
    private int firstStep;
    private bool isBroken;

    /// <summary>The time since the start of the run.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(start);

    /// <summary>Whether an epoch as long as the last one fits; false after an epoch whose rest did not fit.</summary>
    public bool FitsEpoch => !isBroken && !(Elapsed + lastEpoch > limit);

    /// <summary>Runs a validation and remembers the time that it takes, because each epoch ends with one.</summary>
    public T Validate<T>(Func<T> run)
    {
        var before = Elapsed;
        var found = run();
        validation = Elapsed - before;
        return found;
    }

    /// <summary>Runs an epoch of which this many steps are done, since a resumed epoch begins with some.</summary>
    public void Epoch(int stepsDone, Action run)
    {
        (epochStart, firstStep) = (Elapsed, stepsDone);
        run();
        lastEpoch = Elapsed - epochStart;
    }

    /// <summary>Whether the rest of the epoch and its validation fit. If they do not, no other epoch fits either.</summary>
    /// <param name="stepsDone">The number of the epoch's steps that are done; more than the epoch began with.</param>
    /// <param name="steps">The number of steps of the epoch.</param>
    public bool FitsRest(int stepsDone, int steps)
    {
        var rest = (Elapsed - epochStart) * (steps - stepsDone) / (stepsDone - firstStep);
        isBroken = stepsDone * MeasuredShare >= steps && Elapsed + rest + validation > limit;
        return !isBroken;
    }
}
