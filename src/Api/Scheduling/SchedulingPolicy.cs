
namespace Fovea.Api.Scheduling;

/// <summary>
/// Decides which images run next, in how many slices, and on how many slots. It is a function of the state alone, so that it can be tested
/// without threads.
/// </summary>
/// <remarks>
/// Runs that go on side by side, one in each slot, let more images through than runs that are spread over all slots, because the threads of
/// a spread run wait for each other at every operator. A lone image is answered sooner by a spread run.
/// </remarks>
internal static class SchedulingPolicy
{
    /// <summary>The longest run of a slice, in seconds. Larger slices are not cut, because a run keeps later images waiting.</summary>
    public const double LongestRun = 0.5;

    /// <summary>
    /// Returns the next step. After <see cref="Step.Cut"/> and <see cref="Step.RunQueued"/>, the caller asks again until the answer is <see
    /// cref="Step.Wait"/>.
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
    /// Whether the images are answered sooner on average if they wait until all slots are free, and are then spread one after the other,
    /// than if they run in a slot now.
    /// </summary>
    public static bool IsSoonerOneByOne(in SchedulingState state) =>
        state.CanBeSliced && state.HasSpreadSession && state is { SpreadSeconds: > 0, OneSlotSeconds: > 0 }
        && state.SecondsUntilFree + ((state.Images + 1) / 2.0 * state.SpreadSeconds) < state.OneSlotSeconds;

    /// <summary>
    /// Whether tuning may try slices of some size in place of a cut that was decided. A trial must not leave slots idle that the usual
    /// division would fill.
    /// </summary>
    /// <param name="state">The state in which a cut was decided.</param>
    /// <param name="size">The images of a slice, at least 1.</param>
    /// <param name="spread">Whether each slice is to be spread over all slots.</param>
    public static bool AllowsTrial(in SchedulingState state, int size, bool spread)
    {
        if (size > state.Images || !state.CanBeSliced)
        {
            return false;
        }

        return spread
            ? state.HasSpreadSession && state.FreeSlots == state.Slots && (state.Images == size || !state.HasOneSlotSession)
            : state.HasOneSlotSession && (!state.RunsAreLong || size <= (state.Images + state.FreeSlots - 1) / state.FreeSlots);
    }

    // Images that were announced come soon, so a batch with room for them waits.
    private static bool IsComplete(in SchedulingState state) =>
        state is { Images: > 0, AllWritten: true } && (state.Expected == 0 || !state.HasRoom);

    // Starting several short runs costs more time than running them side by side saves.
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
