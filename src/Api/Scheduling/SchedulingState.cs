namespace Fovea.Api.Scheduling;

/// <summary>Everything that <see cref="SchedulingPolicy"/> decides on, at one moment.</summary>
internal readonly record struct SchedulingState
{
    /// <summary>
    /// The execution slots of the model: one for each core, or one in all where its runs cannot go on side by side. At least 1.
    /// </summary>
    public required int Slots { get; init; }

    /// <summary>The slots that no run holds, 0 to <see cref="Slots"/>.</summary>
    public required int FreeSlots { get; init; }

    /// <summary>The slots that the first queued slice needs, 1 or <see cref="Slots"/>; 0: no slice is queued.</summary>
    public int QueuedSlots { get; init; }

    /// <summary>The images that have a slot in the open batch; 0: there is none, or no batch is open.</summary>
    public int Images { get; init; }

    /// <summary>Whether each of these images has been written.</summary>
    public bool AllWritten { get; init; }

    /// <summary>Whether the open batch takes another image.</summary>
    public bool HasRoom { get; init; }

    /// <summary>The images that were announced and are not written yet.</summary>
    public int Expected { get; init; }

    /// <summary>Whether the open batch can be run in any number of slices. Otherwise it is run as a whole.</summary>
    public bool CanBeSliced { get; init; }

    /// <summary>Whether the open batch has a session that spreads a run over all slots.</summary>
    public bool HasSpreadSession { get; init; }

    /// <summary>Whether the open batch has a session that runs in one slot.</summary>
    public bool HasOneSlotSession { get; init; }

    /// <summary>Whether runs take long enough for the cost of several of them to be negligible, some milliseconds.</summary>
    public bool RunsAreLong { get; init; }

    /// <summary>The most images of a slice, at least 1.</summary>
    public int LargestSlice { get; init; }

    /// <summary>The seconds that each image of the last run took; 0: unknown.</summary>
    public double LastSeconds { get; init; }

    /// <summary>The seconds that an image takes in one slot; 0: unknown.</summary>
    public double OneSlotSeconds { get; init; }

    /// <summary>The seconds that an image takes spread over all slots; 0: unknown.</summary>
    public double SpreadSeconds { get; init; }

    /// <summary>The seconds until all slots are free, as estimated from the runs under way; 0 where all are.</summary>
    public double SecondsUntilFree { get; init; }
}
