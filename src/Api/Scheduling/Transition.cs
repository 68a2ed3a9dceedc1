namespace Fovea.Api.Scheduling;

/// <summary>A change of a scheduler's state, named for tests that delay it.</summary>
internal enum Transition
{
    /// <summary>A request has a slot, and writes its image there.</summary>
    ImageIsWritten,

    /// <summary>An image is written, so its batch may be complete.</summary>
    BatchIsComplete,

    /// <summary>The open batch is cut into slices, as far as slots are free.</summary>
    BatchIsCut,

    /// <summary>A slice runs.</summary>
    SliceRuns,

    /// <summary>A slice has run, and its slots become free.</summary>
    SliceEnds,

    /// <summary>Other sessions are used from now on.</summary>
    SessionsChange,

    /// <summary>The model is no longer used.</summary>
    SchedulerIsFreed,
}
