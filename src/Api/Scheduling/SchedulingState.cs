namespace Fovea.Api.Scheduling;

/// <summary>The input of <see cref="SchedulingPolicy"/>: the state of a model's scheduler at one moment.</summary>
internal readonly record struct SchedulingState
{
    /// <summary>
    /// The number of execution slots of the model: one for each core, or a single one if its runs cannot go on side by side. At least 1.
    /// </summary>
    public required int Slots { get; init; }

    /// <summary>The number of execution slots that no run holds, 0 to <see cref="Slots"/>.</summary>
    public required int FreeSlots { get; init; }

    /// <summary>The number of execution slots that the first queued slice needs, 1 or <see cref="Slots"/>; 0: no slice is queued.</summary>
    public int QueuedSlots { get; init; }

    /// <summary>The number of images in the open batch; 0: the batch is empty, or no batch is open.</summary>
    public int Images { get; init; }

    /// <summary>
    /// The number of images with which the open batch would run as a whole, filled up to a size that the device runs; 0: the batch is
    /// empty, or no batch is open.
    /// </summary>
    public int RunSize { get; init; }

    /// <summary>Whether each image of the open batch has been written or given up.</summary>
    public bool AllWritten { get; init; }

    /// <summary>Whether the open batch has room for another image.</summary>
    public bool HasRoom { get; init; }

    /// <summary>The number of images that were announced and are not written yet.</summary>
    public int Expected { get; init; }

    /// <summary>Whether the open batch can be run in any number of slices. Otherwise it is run as a whole.</summary>
    public bool CanBeSliced { get; init; }

    /// <summary>Whether the open batch has a session that spreads a run over all slots.</summary>
    public bool HasSpreadSession { get; init; }

    /// <summary>Whether the open batch has a session that runs in one execution slot.</summary>
    public bool HasOneSlotSession { get; init; }

    /// <summary>Whether a run takes at least some milliseconds, so that the cost of starting several runs is negligible.</summary>
    public bool RunsAreLong { get; init; }

    /// <summary>The largest number of images in a slice, at least 1.</summary>
    public int LargestSlice { get; init; }

    /// <summary>The seconds per image of the last run; 0: unknown.</summary>
    public double LastSeconds { get; init; }

    /// <summary>The seconds per image in a run in one execution slot; 0: unknown.</summary>
    public double OneSlotSeconds { get; init; }

    /// <summary>The seconds per image in a run that is spread over all slots; 0: unknown.</summary>
    public double SpreadSeconds { get; init; }

    /// <summary>The estimated seconds until all slots are free; 0: all slots are free now.</summary>
    public double SecondsUntilFree { get; init; }
}
