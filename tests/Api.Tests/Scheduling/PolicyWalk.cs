using Fovea.Api.Scheduling;
using Xunit.Sdk;

namespace Fovea.Api.Tests.Scheduling;

/// <summary>
/// A random walk through the events of a scheduler: images arrive, are written or are cancelled; runs end; sets of sessions are replaced;
/// trials are requested. After each event it applies the decision of <see cref="SchedulingPolicy"/>. It checks that each image runs once,
/// that no run uses a session that its batch does not have, that no slot is held twice, and that all work ends.
/// </summary>
internal sealed class PolicyWalk(int seed)
{
    private readonly Random random = new(seed);
    private readonly Queue<Slice> queued = [];
    private readonly List<Slice> running = [];
    private readonly Dictionary<int, int> runs = [];
    private SimulatedBatch open = new(new(true, false, 4), 4, canBeSliced: true);
    private Sessions sessions = new(true, false, 4);
    private int slots = 2, images, expected;

    /// <summary>Runs the walk.</summary>
    public void Run(int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            Happen();
            Act();
            if (i % 1_000 == 999)
            {
                EndAll();
                slots = random.Next(1, 5);
                Replace();
            }
        }
    }

    private void Happen()
    {
        switch (random.Next(8))
        {
            case 0 or 1 when open.Written.Count < open.Capacity:
                open.Written.Add(false);
                open.Images.Add(images++);
                break;
            case 2 or 3 when open.Written.Contains(false):
                open.Written[open.Written.IndexOf(false)] = true;
                break;
            case 4 or 5 when running.Count > 0:
                End(running[random.Next(running.Count)]);
                break;
            case 6 when random.Next(4) == 0:
                expected = Math.Max(0, expected + random.Next(-1, 2));
                break;
            case 7 when random.Next(20) == 0:
                Replace();
                break;
        }
    }

    private void Act()
    {
        for (int step = 0; ; step++)
        {
            Require(step < 1_000, "deciding ends");
            var state = State();
            var decision = SchedulingPolicy.Decide(state);
            switch (decision.Step)
            {
                case Step.Wait:
                    return;
                case Step.RunQueued:
                    Begin(queued.Dequeue());
                    break;
                default:
                    Cut(decision, state);
                    break;
            }
        }
    }

    private void Cut(Decision decision, SchedulingState state)
    {
        Require(open.Images.Count > 0 && !open.Written.Contains(false), "only a batch whose images are all written is cut");
        int size = 1 << random.Next(4);
        bool trySpread = random.Next(2) == 0;
        if (random.Next(3) == 0 && SchedulingPolicy.AllowsTrial(state, size, trySpread))
        {
            decision = new(Step.Cut, Size: size, Spread: trySpread);
        }

        Require(decision.Spread ? open.Sessions.Spread : open.Sessions.OneSlot, "a batch has the session that is to run it");
        int first = 0;
        for (int cut = 0; first < open.Images.Count; cut++)
        {
            int count = decision.NextSlice(cut, open.Images.Count - first);
            Require(count > 0 && (open.CanBeSliced || count == open.Images.Count), "a slice is one that the batch can run");
            queued.Enqueue(new([.. open.Images.Skip(first).Take(count)], decision.Spread ? slots : 1));
            first += count;
        }

        Require(first == open.Images.Count, "a batch is cut without a rest");
        open = new(sessions, random.Next(1, 9), canBeSliced: random.Next(5) > 0);
    }

    private void Begin(Slice slice)
    {
        Require(running.Sum(other => other.Slots) + slice.Slots <= slots, "no slot is held twice");
        running.Add(slice);
        foreach (int image in slice.Images)
        {
            runs[image] = runs.GetValueOrDefault(image) + 1;
        }
    }

    private void End(Slice slice) => running.Remove(slice);

    // The open batch keeps the sessions that it was made for.
    private void Replace()
    {
        bool spread = random.Next(2) == 0;
        sessions = new(spread, !spread || random.Next(2) == 0, random.Next(1, 6));
        if (open.Images.Count == 0)
        {
            open = new(sessions, random.Next(1, 9), canBeSliced: random.Next(5) > 0);
        }
    }

    private void EndAll()
    {
        expected = 0;
        open.Written = [.. open.Written.Select(_ => true)];
        for (int i = 0; i < 10_000; i++)
        {
            Act();
            if (running.Count == 0)
            {
                break;
            }

            End(running[0]);
        }

        Require(queued.Count == 0 && running.Count == 0 && open.Images.Count == 0, "all work ends");
        Require(runs.Count == images && runs.Values.All(count => count == 1), "each image runs once");
    }

    private SchedulingState State() => new()
    {
        Slots = slots,
        FreeSlots = slots - running.Sum(slice => slice.Slots),
        QueuedSlots = queued.TryPeek(out var next) ? next.Slots : 0,
        Images = open.Images.Count,
        AllWritten = !open.Written.Contains(false),
        HasRoom = open.Images.Count < open.Capacity,
        Expected = expected,
        CanBeSliced = open.CanBeSliced,
        HasSpreadSession = open.Sessions.Spread,
        HasOneSlotSession = open.Sessions.OneSlot,
        RunsAreLong = random.Next(4) > 0,
        LargestSlice = open.Sessions.LargestSlice,
        LastSeconds = random.Next(3) * 0.2,
        OneSlotSeconds = random.Next(3) * 0.05,
        SpreadSeconds = random.Next(3) * 0.03,
        SecondsUntilFree = running.Count == 0 ? 0 : random.NextDouble() * 0.1,
    };

    private void Require(bool holds, string invariant)
    {
        if (!holds)
        {
            throw new XunitException($"Broken after {images} images with seed {seed}: {invariant}.");
        }
    }

    private sealed record Slice(int[] Images, int Slots);

    private sealed record Sessions(bool Spread, bool OneSlot, int LargestSlice);

    private sealed class SimulatedBatch(Sessions sessions, int capacity, bool canBeSliced)
    {
        public Sessions Sessions => sessions;

        public int Capacity => capacity;

        public bool CanBeSliced => canBeSliced;

        public List<int> Images { get; } = [];

        public List<bool> Written { get; set; } = [];
    }
}
