
namespace Fovea.Api.Scheduling;

/// <summary>
/// Decides which images run next, in how many slices, and on how many execution slots. The decision depends only on the given state, so it
/// can be tested without threads.
/// </summary>
/// <remarks>
/// Runs side by side, one in each execution slot, classify more images per second than runs that are spread over all slots, because the
/// threads of a spread run wait for each other at every operator. But a spread run answers a lone image sooner.
/// </remarks>
internal static class SchedulingPolicy
{
    /// <summary>The longest time of a slice's run, in seconds. Longer runs would keep later images waiting.</summary>
    public const double LongestRun = 0.5;

    /// <summary>
    /// Returns the next step. The caller carries out <see cref="Step.Cut"/> or <see cref="Step.RunQueued"/> and calls this method again,
    /// until it returns <see cref="Step.Wait"/>.
    /// </summary>
    public static Decision Decide(in SchedulingState state)
    {
        if (state.QueuedSlots > 0)
        {
            return state.QueuedSlots <= state.FreeSlots ? Decision.RunQueued : Decision.Wait;
        }

        if (state.FreeSlots == 0 || !IsComplete(state))
        {
            return Decision.Wait;
        }

        bool allFree = state.FreeSlots == state.Slots;
        if (!state.HasOneSlotSession)
        {
            return allFree ? new(Step.Cut, Slices: LeastSlices(state), Spread: true) : Decision.Wait;
        }

        if (IsSoonerOneByOne(state))
        {
            return allFree ? new(Step.Cut, Size: 1, Spread: true) : Decision.Wait;
        }

        if (allFree && state.HasSpreadSession && (!state.CanBeSliced || state.Images < state.Slots))
        {
            return new(Step.Cut, Slices: 1, Spread: true);
        }

        return new(Step.Cut, Slices: OneSlotSlices(state));
    }

    /// <summary>
    /// Compares two ways to run the images: wait until all slots are free and then run one image after the other, each spread over all
    /// slots; or run them now in one slot each. Returns true if the first way answers sooner on average.
    /// </summary>
    public static bool IsSoonerOneByOne(in SchedulingState state) =>
        state.CanBeSliced && state.HasSpreadSession && state is { SpreadSeconds: > 0, OneSlotSeconds: > 0 }
        && state.SecondsUntilFree + ((state.Images + 1) / 2.0 * state.SpreadSeconds) < state.OneSlotSeconds;

    /// <summary>
    /// Whether tuning may cut the batch into slices of another size than <see cref="Decide"/> chose. A trial must not leave slots idle that
    /// the chosen cut would fill. A batch that cannot be sliced is a trial of the size with which it runs anyway, in any session.
    /// </summary>
    /// <param name="state">The state in which <see cref="Decide"/> returned <see cref="Step.Cut"/>.</param>
    /// <param name="size">The number of images in a slice of the trial, at least 1.</param>
    /// <param name="spread">Whether the trial spreads each slice over all slots.</param>
    public static bool AllowsTrial(in SchedulingState state, int size, bool spread)
    {
        if (!state.CanBeSliced)
        {
            return size == state.RunSize
                && (spread ? state.HasSpreadSession && state.FreeSlots == state.Slots : state.HasOneSlotSession);
        }

        if (size > state.Images)
        {
            return false;
        }

        return spread
            ? state.HasSpreadSession && state.FreeSlots == state.Slots && (state.Images == size || !state.HasOneSlotSession)
            : state.HasOneSlotSession && (!state.RunsAreLong || size <= (state.Images + state.FreeSlots - 1) / state.FreeSlots);
    }

    // Announced images arrive soon, so a batch with room waits for them.
    private static bool IsComplete(in SchedulingState state) =>
        state is { Images: > 0, AllWritten: true } && (state.Expected == 0 || !state.HasRoom);

    // Short runs are not divided further: starting several of them takes more time than running them side by side saves.
    private static int OneSlotSlices(in SchedulingState state)
    {
        int least = LeastSlices(state);
        return state is { CanBeSliced: true, RunsAreLong: true } ? Math.Max(least, Math.Min(state.Slots, state.Images)) : least;
    }

    private static int LeastSlices(in SchedulingState state)
    {
        int inTime = state.LastSeconds > 0
            ? Math.Max(1, (int)Math.Min(LongestRun / state.LastSeconds, state.LargestSlice))
            : state.LargestSlice;
        return state.CanBeSliced ? (state.Images + inTime - 1) / inTime : 1;
    }
}
