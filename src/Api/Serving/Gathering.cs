using System.Diagnostics;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>A batch from the first image that takes a seat in it until its answers are given; then it is used again.</summary>
internal sealed class Gathering(Batch batch) : IDisposable
{
    private readonly Passenger?[] seats = new Passenger?[batch.Capacity];
    private int reserved, settled;

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

    /// <summary>Where a seat's image is written.</summary>
    public Span<float> Slot(int seat) => batch.Slot(seat);

    /// <summary>Says that a seat's image is written; its logits, in time.</summary>
    public Task<float[]> Occupy(int seat, CancellationToken stop) => (seats[seat] = new(stop)).Logits.Task;

    /// <summary>Runs the images that are still wanted, answers each, and empties the batch.</summary>
    public void Run(string model, Admission admission, Metrics metrics, ModelStatistics statistics)
    {
        int count = DropThoseGone();
        long start = Stopwatch.GetTimestamp(), end = start;
        try
        {
            if (count > 0)
            {
                batch.Run(count);
                end = Stopwatch.GetTimestamp();
                var time = Stopwatch.GetElapsedTime(start, end);
                admission.Ran(count, time);
                metrics.Ran(model, count, time);
                statistics.Ran(count, time);
            }

            for (int i = 0; i < count; i++)
            {
                var waited = Stopwatch.GetElapsedTime(seats[i]!.Since, start);
                metrics.Waited(model, waited);
                Traces.Add("queue", model, seats[i]!.Request, seats[i]!.Since, start);
                Traces.Add("infer", model, seats[i]!.Request, start, end);
                statistics.Answered(waited, Stopwatch.GetElapsedTime(seats[i]!.Since));
                seats[i]!.Logits.SetResult(batch.Logits(i).ToArray());
            }
        }
        catch (Exception e)
        {
            foreach (var passenger in seats[..count])
            {
                statistics.Failed(Stopwatch.GetElapsedTime(passenger!.Since));
                passenger.Logits.TrySetException(e);
            }
        }

        Array.Clear(seats);
        reserved = settled = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => batch.Dispose();

    // The last image takes the place of one that nobody waits for any more.
    private int DropThoseGone()
    {
        int count = reserved;
        for (int i = 0; i < count;)
        {
            if (seats[i] is { Stop.IsCancellationRequested: false })
            {
                i++;
                continue;
            }

            seats[i]?.Logits.SetCanceled(seats[i]!.Stop);
            count--;
            if (seats[count] is not null && i < count)
            {
                batch.Slot(count).CopyTo(batch.Slot(i));
            }

            seats[i] = seats[count];
        }

        return count;
    }

    private sealed record Passenger(CancellationToken Stop)
    {
        public long Since { get; } = Stopwatch.GetTimestamp();

        /// <summary>The span of the request whose image it is.</summary>
        public ActivityContext Request { get; } = Activity.Current?.Context ?? default;

        public TaskCompletionSource<float[]> Logits { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>A place in a batch.</summary>
internal readonly record struct Seat(Gathering Batch, int Index)
{
    /// <summary>Where the image is written, [C, H, W].</summary>
    public Span<float> Slot => Batch.Slot(Index);

    /// <summary>Says that the image is written; its logits, in time.</summary>
    /// <param name="stop">Once this is set before the run, the image is left out of it.</param>
    public Task<float[]> Occupy(CancellationToken stop) => Batch.Occupy(Index, stop);
}
