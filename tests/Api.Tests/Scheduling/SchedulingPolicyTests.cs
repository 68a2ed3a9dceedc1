using Fovea.Api.Scheduling;

namespace Fovea.Api.Tests.Scheduling;

public sealed class SchedulingPolicyTests
{
    // The state: four images are written; both of the two slots are free; there are sessions of both kinds; runs are long.
    private static readonly SchedulingState Usual = new()
    {
        Slots = 2,
        FreeSlots = 2,
        Images = 4,
        AllWritten = true,
        HasRoom = true,
        CanBeSliced = true,
        HasSpreadSession = true,
        HasOneSlotSession = true,
        RunsAreLong = true,
        LargestSlice = 8,
    };

    private static readonly Decision Wait = Decision.Wait;

    private static readonly Dictionary<string, (SchedulingState State, Decision Expected)> Cases = new()
    {
        ["Nothing waits"] = (Usual with { Images = 0 }, Wait),
        ["An image is still being written"] = (Usual with { AllWritten = false }, Wait),
        ["No slot is free"] = (Usual with { FreeSlots = 0 }, Wait),
        ["An announced image has room"] = (Usual with { Expected = 1 }, Wait),
        ["An announced image has no room"] = (Usual with { Expected = 1, HasRoom = false }, new(Step.Cut, Slices: 2)),
        ["Images are divided among all slots"] = (Usual, new(Step.Cut, Slices: 2)),
        ["A busy slot takes its share later"] = (Usual with { FreeSlots = 1 }, new(Step.Cut, Slices: 2)),
        ["No slice is larger than the largest"] = (Usual with { Images = 24, LargestSlice = 4 }, new(Step.Cut, Slices: 6)),
        ["No slice takes longer than half a second"] = (Usual with { Images = 8, LastSeconds = 0.3 }, new(Step.Cut, Slices: 8)),
        ["Short runs are not divided"] = (Usual with { RunsAreLong = false }, new(Step.Cut, Slices: 1)),
        ["Short runs are no larger than the largest slice"] =
            (Usual with { RunsAreLong = false, LargestSlice = 2 }, new(Step.Cut, Slices: 2)),
        ["A lone image is spread"] = (Usual with { Images = 1 }, new(Step.Cut, Slices: 1, Spread: true)),
        ["A lone image is not spread while a slot is busy"] = (Usual with { Images = 1, FreeSlots = 1 }, new(Step.Cut, Slices: 1)),
        ["A lone image is not spread without a session for it"] =
            (Usual with { Images = 1, HasSpreadSession = false }, new(Step.Cut, Slices: 1)),
        ["Without a session for one slot all is spread"] =
            (Usual with { HasOneSlotSession = false }, new(Step.Cut, Slices: 1, Spread: true)),
        ["Spread runs are no larger than the largest slice"] =
            (Usual with { HasOneSlotSession = false, LargestSlice = 1 }, new(Step.Cut, Slices: 4, Spread: true)),
        ["Without a session for one slot a batch waits for all slots"] = (Usual with { HasOneSlotSession = false, FreeSlots = 1 }, Wait),
        ["A batch that cannot be sliced is spread"] = (Usual with { CanBeSliced = false }, new(Step.Cut, Slices: 1, Spread: true)),
        ["A batch that cannot be sliced runs in one slot"] = (Usual with { CanBeSliced = false, FreeSlots = 1 }, new(Step.Cut, Slices: 1)),
        ["A queued slice goes first"] = (Usual with { QueuedSlots = 1, FreeSlots = 1 }, Decision.RunQueued),
        ["A queued spread slice waits for all slots"] = (Usual with { QueuedSlots = 2, FreeSlots = 1 }, Wait),
        ["A queued spread slice runs on all slots"] = (Usual with { QueuedSlots = 2 }, Decision.RunQueued),
        ["Few images are spread one by one where that is sooner"] =
            (Sooner(images: 2, untilFree: 0) with { FreeSlots = 2 }, new(Step.Cut, Size: 1, Spread: true)),
        ["Images wait for a run that is nearly over"] = (Sooner(images: 1, untilFree: 0.029), Wait),
        ["Images do not wait for a run that has just begun"] = (Sooner(images: 1, untilFree: 0.031), new(Step.Cut, Slices: 1)),
        ["Two images wait less long, since the second one waits for the first"] = (Sooner(images: 2, untilFree: 0.009), Wait),
        ["Two images do not wait longer"] = (Sooner(images: 2, untilFree: 0.011), new(Step.Cut, Slices: 2)),
        ["Nothing waits for a session that is not there"] =
            (Sooner(images: 1, untilFree: 0) with { HasSpreadSession = false }, new(Step.Cut, Slices: 1)),
    };

    public static TheoryData<string> Names => new(Cases.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void Decision_follows_from_the_state(string name) =>
        Assert.Equal(Cases[name].Expected, SchedulingPolicy.Decide(Cases[name].State));

    [Theory]
    [InlineData(2, false, 2, 2, true)]
    [InlineData(4, false, 2, 2, false)] // The other slot would be idle.
    [InlineData(4, false, 1, 2, true)]
    [InlineData(8, false, 1, 2, false)] // There are only four images.
    [InlineData(1, true, 2, 2, false)] // A spread run is for a lone image.
    [InlineData(4, true, 2, 2, true)]
    [InlineData(4, true, 1, 2, false)] // A slot is busy.
    public void Trial_leaves_no_slot_idle(int size, bool spread, int freeSlots, int slots, bool allowed) =>
        Assert.Equal(allowed, SchedulingPolicy.AllowsTrial(Usual with { FreeSlots = freeSlots, Slots = slots }, size, spread));

    [Theory]
    [InlineData(4, true, true)]
    [InlineData(2, true, false)] // Three images are filled up to four.
    [InlineData(4, false, false)]
    public void Batch_that_runs_as_a_whole_is_a_trial_of_its_size(int size, bool spread, bool allowed) => Assert.Equal(
        allowed,
        SchedulingPolicy.AllowsTrial(
            new() { Slots = 1, FreeSlots = 1, Images = 3, AllWritten = true, RunSize = 4, HasSpreadSession = true }, size, spread));

    [Theory]
    [InlineData(4, true, 2, true)]
    [InlineData(4, true, 1, false)] // A slot is busy.
    [InlineData(4, false, 1, true)]
    [InlineData(2, false, 1, false)] // Three images are filled up to four.
    public void Batch_of_a_fixed_size_is_a_trial_under_load_too(int size, bool spread, int freeSlots, bool allowed) => Assert.Equal(
        allowed,
        SchedulingPolicy.AllowsTrial(
            Usual with { CanBeSliced = false, Images = 3, RunSize = 4, FreeSlots = freeSlots }, size, spread));

    [Theory]
    [InlineData(7, 3, 0, new[] { 2, 2, 3 })]
    [InlineData(7, 0, 3, new[] { 3, 3, 1 })]
    [InlineData(2, 0, 4, new[] { 2 })]
    [InlineData(1, 1, 0, new[] { 1 })]
    public void Slices_hold_each_image_once(int images, int slices, int size, int[] expected)
    {
        var decision = new Decision(Step.Cut, slices, size);
        var sizes = new List<int>();
        while (sizes.Sum() < images)
        {
            sizes.Add(decision.NextSlice(sizes.Count, images - sizes.Sum()));
        }

        Assert.Equal(expected, sizes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_walk_keeps_every_invariant(int seed) => new PolicyWalk(seed).Run(steps: 350_000);

    // An image takes 70 ms in one slot, or 40 ms spread over both. One of the two slots is busy.
    private static SchedulingState Sooner(int images, double untilFree) =>
        Usual with { Images = images, FreeSlots = 1, OneSlotSeconds = 0.070, SpreadSeconds = 0.040, SecondsUntilFree = untilFree };
}
