using System.Diagnostics;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Api.Scheduling;

/// <summary>
/// A reusable batch of images. While the batch is open, images take slots in it. Then it is cut into slices, and when the last slice has
/// run, the batch is empty again. The scheduler holds its lock during every call except <see cref="Write"/>, <see cref="Run"/> and
/// <see cref="RunAtOnce"/>.
/// </summary>
/// <param name="batch">The memory for the images; freed with this object.</param>
/// <param name="sessions">The session set that the batch belongs to.</param>
internal sealed class ImageBatch(InferenceBatch batch, SessionSet sessions) : IDisposable
{
    private readonly PendingImage?[] images = new PendingImage?[batch.Capacity];
    private int reserved, settled, slicesLeft;

    /// <summary>The sessions that may run the batch.</summary>
    public SessionSet Sessions => sessions;

    /// <summary>The number of taken slots.</summary>
    public int Count => reserved;

    /// <summary>Whether a slot is free.</summary>
    public bool HasRoom => reserved < images.Length;

    /// <summary>The number of images with which the batch would run as a whole now, filled up to one of its sizes; 0 if empty.</summary>
    public int RunSize => reserved == 0 ? 0 : batch.SizeOf(reserved);

    /// <summary>Whether the image of every taken slot is written or given up.</summary>
    public bool AllWritten => settled == reserved;

    /// <summary>Whether a slice may have any size and begin at any slot. Otherwise the batch runs as a whole.</summary>
    public bool CanBeSliced => batch.TakesAnySize;

    /// <summary>Takes a slot. The caller then calls <see cref="Settle"/> once, whether it wrote an image or gave up.</summary>
    public ImageSlot Reserve() => new(this, reserved++);

    /// <summary>Frees the slot that was taken last, because nobody wants it any more.</summary>
    public void GiveBackLast() => reserved--;

    /// <summary>Counts a slot whose image is written or given up.</summary>
    public void Settle() => settled++;

    /// <summary>Closes the batch, cuts it into slices and appends them to <paramref name="slices"/>. Each must be run once.</summary>
    public void Cut(Decision decision, ModelSession session, bool isTimed, Queue<BatchSlice> slices)
    {
        for (int first = 0; first < reserved; slicesLeft++)
        {
            int size = decision.NextSlice(slicesLeft, reserved - first);
            slices.Enqueue(new(this, first, size, session, isTimed));
            first += size;
        }
    }

    /// <summary>Counts a slice that has run. Returns true for the last slice; the batch is then empty again.</summary>
    public bool EndSlice()
    {
        if (--slicesLeft > 0)
        {
            return false;
        }

        reserved = settled = 0;
        return true;
    }

    /// <summary>Writes an image into its slot, where it waits for its logits.</summary>
    public PendingImage Write(int slot, Action<Span<float>> fill, CancellationToken stop)
    {
        long start = Stopwatch.GetTimestamp();
        fill(batch.Slot(slot));
        return images[slot] = new(Stopwatch.GetElapsedTime(start), stop);
    }

    /// <summary>Runs the images of a slice whose requests were not cancelled, and sets each image's result.</summary>
    /// <param name="slice">The slice.</param>
    /// <param name="log">Records the run.</param>
    /// <param name="answers">Receives the images; null: their tasks are completed at once.</param>
    /// <returns>The time of the run, for tuning; null if every image was cancelled or the run failed.</returns>
    public SliceResult? Run(BatchSlice slice, RunLog log, AnsweredImages? answers)
    {
        int count = DropAbandoned(slice);
        var wanted = images.AsSpan(slice.First, count);
        SliceResult? result = null;
        try
        {
            if (count > 0)
            {
                var clock = slice.IsTimed ? RunClock.Start(slice.Session.Kind) : default;
                long start = Stopwatch.GetTimestamp();
                bool failed = RunOrFallBack(slice, count);
                long end = Stopwatch.GetTimestamp();
                result = new(slice.Session.Kind, batch.SizeOf(count), slice.IsTimed ? clock.Elapsed : TimeSpan.Zero, failed);
                Answer(slice, wanted, log, start, end);
            }
        }
        catch (Exception e)
        {
            foreach (var image in wanted)
            {
                image!.Fail(e);
                log.Failed(Stopwatch.GetElapsedTime(image.Since));
            }
        }

        var slots = images.AsSpan(slice.First, slice.Count);
        HandOut(slots, answers);
        slots.Clear();
        return result;
    }

    /// <summary>Writes one image into the empty batch and runs it, on the calling thread. Returns a completed task.</summary>
    public Task<float[]> RunAtOnce(Action<Span<float>> fill, RunLog log, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        var image = Write(0, fill, stop);
        Run(new(this, 0, 1, sessions.For(spread: false), IsTimed: false), log, answers: null);
        return image.Logits;
    }

    /// <inheritdoc/>
    public void Dispose() => batch.Dispose();

    // Tries a failed run again in another way, so that its requests are still answered. Some files declare any number of images and fail
    // with more than one; these images run one by one. And a rewritten graph may fail where the original graph does not. Returns true if
    // the first attempt failed.
    private bool RunOrFallBack(BatchSlice slice, int count)
    {
        try
        {
            batch.Run(slice.Session, slice.First, count);
            return false;
        }
        catch (OnnxRuntimeException)
            when ((count > 1 && CanBeSliced) || slice.Session.Kind is { Rewritten: true } or { Quantized: not null })
        {
            var original = sessions.Find(SessionKind.OneCore) ?? sessions.Find(SessionKind.AllCores) ?? sessions.Spread
                ?? slice.Session;
            int step = CanBeSliced ? 1 : count;
            for (int i = 0; i < count; i += step)
            {
                batch.Run(original, slice.First + i, step);
            }

            return true;
        }
    }

    // Counts the run in metrics and statistics before any image is answered, so that a client that has its answer finds it counted.
    private void Answer(BatchSlice slice, Span<PendingImage?> wanted, RunLog log, long start, long end)
    {
        var writing = TimeSpan.Zero;
        for (int i = 0; i < wanted.Length; i++)
        {
            wanted[i]!.Succeed(batch.Logits(slice.First + i).ToArray());
            writing += wanted[i]!.Writing;
        }

        log.Ran(wanted.Length, slice.Session.Kind.Spread, writing, Stopwatch.GetElapsedTime(start, end), Stopwatch.GetElapsedTime(end));
        foreach (var image in wanted)
        {
            log.Answered(image!.Request, image.Since, start, end, image.Writing);
        }
    }

    private static void HandOut(Span<PendingImage?> images, AnsweredImages? answers)
    {
        foreach (var image in images)
        {
            if (image is null)
            {
                continue;
            }

            if (answers is null)
            {
                image.Complete();
            }
            else
            {
                answers.Add(image);
            }
        }
    }

    // Moves the cancelled images of a slice, and its empty slots, behind the others. Returns the number of the others. The cancelled ones
    // are handed out after the run: their requests would go on here, and the other images would wait for them.
    private int DropAbandoned(BatchSlice slice)
    {
        int end = slice.First + slice.Count;
        for (int i = slice.First; i < end;)
        {
            if (images[i] is { IsAbandoned: false })
            {
                i++;
                continue;
            }

            end--;
            if (images[end] is not null && i < end)
            {
                batch.Slot(end).CopyTo(batch.Slot(i));
            }

            (images[i], images[end]) = (images[end], images[i]);
        }

        return end - slice.First;
    }
}
