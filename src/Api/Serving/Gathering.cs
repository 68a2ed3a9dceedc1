using System.Diagnostics;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>A batch from the first image that takes a seat in it until its answers are given; then it is used again.</summary>
internal sealed class Gathering(Batch batch) : IDisposable
{
    private readonly Passenger?[] seats = new Passenger?[batch.Capacity];
    private int reserved, settled, underWay;

    /// <summary>The seats that are taken.</summary>
    public int Count => reserved;

    /// <summary>Whether nobody has taken a seat.</summary>
    public bool IsEmpty => reserved == 0;

    /// <summary>Whether another image can be taken.</summary>
    public bool HasRoom => reserved < seats.Length;

    /// <summary>Whether somebody has taken a seat, and nobody is still writing an image.</summary>
    public bool IsComplete => reserved > 0 && settled == reserved;

    /// <summary>Takes a seat; whoever has it calls <see cref="Settle"/> once, whether an image was written or not.</summary>
    public Seat Reserve() => new(this, reserved++);

    /// <summary>Says that a seat's image is written, or will not come.</summary>
    public void Settle() => settled++;

    /// <summary>Whether one run on all lanes is the way to have the answers soonest: where there are too few images to give each lane one.</summary>
    public bool ShouldSpread(int lanes) => batch.Spreads && (reserved < lanes || !batch.TakesAnySize);

    /// <summary>Divides the images into so many parts at most. Each is then to be run.</summary>
    public Part[] Split(int most, bool spread)
    {
        var parts = new Part[batch.TakesAnySize ? Math.Min(most, reserved) : 1];
        for (int i = 0, first = 0; i < parts.Length; i++)
        {
            int count = (reserved - first) / (parts.Length - i);
            parts[i] = new(this, first, count, spread);
            first += count;
        }

        underWay = parts.Length;
        return parts;
    }

    /// <summary>Writes a seat's image; its logits, in time.</summary>
    public Task<float[]> Write(int seat, Action<Span<float>> fill, CancellationToken stop)
    {
        long start = Stopwatch.GetTimestamp();
        fill(batch.Slot(seat));
        return (seats[seat] = new(Stopwatch.GetElapsedTime(start), stop)).Logits.Task;
    }

    /// <summary>Runs those images of a part that are still wanted, and answers each.</summary>
    public void Run(Part part, RunLog log)
    {
        int count = DropThoseGone(part);
        var riders = seats.AsSpan(part.First, count);
        long start = Stopwatch.GetTimestamp();
        try
        {
            if (count > 0)
            {
                batch.Run(part.First, count, part.Spread);
                long end = Stopwatch.GetTimestamp();
                var logits = new float[count][];
                var writing = TimeSpan.Zero;
                for (int i = 0; i < count; i++)
                {
                    logits[i] = batch.Logits(part.First + i).ToArray();
                    writing += riders[i]!.Writing;
                }

                // Before anybody has an answer, so that whoever has one finds it counted.
                log.Ran(count, part.Spread, writing, Stopwatch.GetElapsedTime(start, end), Stopwatch.GetElapsedTime(end));
                for (int i = 0; i < count; i++)
                {
                    log.Answered(riders[i]!.Request, riders[i]!.Since, start, end, riders[i]!.Writing);
                    riders[i]!.Logits.SetResult(logits[i]);
                }
            }
        }
        catch (Exception e)
        {
            foreach (var rider in riders)
            {
                if (rider!.Logits.TrySetException(e))
                {
                    log.Failed(Stopwatch.GetElapsedTime(rider.Since));
                }
            }
        }

        seats.AsSpan(part.First, part.Count).Clear();
    }

    /// <summary>Says that a part has been run; true for the last one, with which the batch is empty again.</summary>
    public bool EndPart()
    {
        if (--underWay > 0)
        {
            return false;
        }

        reserved = settled = 0;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => batch.Dispose();

    // The part's last image takes the place of one that nobody waits for any more.
    private int DropThoseGone(Part part)
    {
        int end = part.First + part.Count;
        for (int i = part.First; i < end;)
        {
            if (seats[i] is { Stop.IsCancellationRequested: false })
            {
                i++;
                continue;
            }

            seats[i]?.Logits.SetCanceled(seats[i]!.Stop);
            end--;
            if (seats[end] is not null && i < end)
            {
                batch.Slot(end).CopyTo(batch.Slot(i));
            }

            seats[i] = seats[end];
        }

        return end - part.First;
    }

    private sealed record Passenger(TimeSpan Writing, CancellationToken Stop)
    {
        public long Since { get; } = Stopwatch.GetTimestamp();

        /// <summary>The span of the request whose image it is.</summary>
        public ActivityContext Request { get; } = Activity.Current?.Context ?? default;

        public TaskCompletionSource<float[]> Logits { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
