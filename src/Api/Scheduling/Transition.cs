namespace Fovea.Api.Scheduling;

/// <summary>A change of a scheduler's state. Tests delay these changes through <see cref="Scheduler.Before"/>.</summary>
internal enum Transition
{
    /// <summary>A request has got a slot, and writes its image into it.</summary>
    ImageIsWritten,

    /// <summary>An image is written, so its batch may be complete.</summary>
    BatchIsComplete,

    /// <summary>The open batch is cut into slices if execution slots are free.</summary>
    BatchIsCut,

    /// <summary>A slice runs.</summary>
    SliceRuns,

    /// <summary>A slice has run, and its execution slots become free.</summary>
    SliceEnds,

    /// <summary>Another session set is used from now on.</summary>
    SessionsChange,

    /// <summary>The model is no longer used.</summary>
    SchedulerIsFreed,
}
