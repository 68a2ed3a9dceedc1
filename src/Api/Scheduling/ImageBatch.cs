using System.Diagnostics;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Api.Scheduling;

/// <summary>
/// A batch of images, used again and again: images take slots while it is open; it is cut into slices; when the last slice has run it is
/// empty again. The scheduler calls everything but <see cref="Write"/> and <see cref="Run"/> under its lock.
/// </summary>
/// <param name="batch">Memory for the images; freed with this.</param>
/// <param name="sessions">The set that the batch belongs to.</param>
internal sealed class ImageBatch(InferenceBatch batch, SessionSet sessions) : IDisposable
{
    private readonly PendingImage?[] images = new PendingImage?[batch.Capacity];
    private int reserved, settled, slicesLeft;

    /// <summary>The sessions that may run it.</summary>
    public SessionSet Sessions => sessions;

    /// <summary>The slots that are taken.</summary>
    public int Count => reserved;

    /// <summary>Whether another image can be taken.</summary>
    public bool HasRoom => reserved < images.Length;

    /// <summary>Whether each image that took a slot is written, or will not come.</summary>
    public bool AllWritten => settled == reserved;

    /// <summary>Whether slices of any size, from any slot on, can be run.</summary>
    public bool CanBeSliced => batch.TakesAnySize;

    /// <summary>Takes a slot. Its holder calls <see cref="Settle"/> once, whether it wrote an image or not.</summary>
    public ImageSlot Reserve() => new(this, reserved++);

    /// <summary>Takes the slot back that was reserved last, and not handed out.</summary>
    public void GiveBackLast() => reserved--;

    /// <summary>Notes that a slot's image is written, or will not come.</summary>
    public void Settle() => settled++;

    /// <summary>Closes the batch and cuts it into slices. Each is to be run once.</summary>
    public void Cut(Decision decision, ModelSession session, bool isTimed, Queue<BatchSlice> slices)
    {
        int first = 0;
        foreach (int size in decision.SliceSizes(reserved))
        {
            slices.Enqueue(new(this, first, size, session, isTimed));
            first += size;
            slicesLeft++;
        }
    }

    /// <summary>Notes that a slice has run. True for the last one, with which the batch is empty again.</summary>
    public bool EndSlice()
    {
        if (--slicesLeft > 0)
        {
            return false;
        }

        reserved = settled = 0;
        return true;
    }

    /// <summary>Writes a slot's image. Returns a task that completes with the image's logits.</summary>
    public Task<float[]> Write(int slot, Action<Span<float>> fill, CancellationToken stop)
    {
        long start = Stopwatch.GetTimestamp();
        fill(batch.Slot(slot));
        return (images[slot] = new(Stopwatch.GetElapsedTime(start), stop)).Logits.Task;
    }

    /// <summary>Runs the images of a slice that are still wanted, and answers each.</summary>
    /// <returns>What tuning learns from the run; null where nothing was run, or the run failed.</returns>
    public SliceResult? Run(BatchSlice slice, RunLog log)
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
                result = new(slice.Session.Kind, count, slice.IsTimed ? clock.Elapsed : TimeSpan.Zero, failed);
                Answer(slice, wanted, log, start, end);
            }
        }
        catch (Exception e)
        {
            foreach (var image in wanted)
            {
                if (image!.Logits.TrySetException(e))
                {
                    log.Failed(Stopwatch.GetElapsedTime(image.Since));
                }
            }
        }

        images.AsSpan(slice.First, slice.Count).Clear();
        return result;
    }

    /// <inheritdoc/>
    public void Dispose() => batch.Dispose();

    // A failed run is tried again in another way, so that it costs no answer: some files say that they take any number of images, and fail
    // with more than one; and a rewritten graph may fail where the original does not. True: the run failed as it was asked for.
    private bool RunOrFallBack(BatchSlice slice, int count)
    {
        try
        {
            batch.Run(slice.Session, slice.First, count);
            return false;
        }
        catch (OnnxRuntimeException) when ((count > 1 && CanBeSliced) || slice.Session.Kind is { Rewritten: true } or { Quantized: true })
        {
            var original = sessions.Find(SessionKind.OneCore) ?? sessions.Spread ?? slice.Session;
            int step = CanBeSliced ? 1 : count;
            for (int i = 0; i < count; i += step)
            {
                batch.Run(original, slice.First + i, step);
            }

            return true;
        }
    }

    // The run is logged before any image is answered, so that a client that has its answer finds it counted.
    private void Answer(BatchSlice slice, Span<PendingImage?> wanted, RunLog log, long start, long end)
    {
        var logits = new float[wanted.Length][];
        var writing = TimeSpan.Zero;
        for (int i = 0; i < wanted.Length; i++)
        {
            logits[i] = batch.Logits(slice.First + i).ToArray();
            writing += wanted[i]!.Writing;
        }

        log.Ran(wanted.Length, slice.Session.Kind.Spread, writing, Stopwatch.GetElapsedTime(start, end), Stopwatch.GetElapsedTime(end));
        for (int i = 0; i < wanted.Length; i++)
        {
            log.Answered(wanted[i]!.Request, wanted[i]!.Since, start, end, wanted[i]!.Writing);
            wanted[i]!.Logits.SetResult(logits[i]);
        }
    }

    // The last image of the slice takes the slot of one that nobody waits for any more.
    private int DropAbandoned(BatchSlice slice)
    {
        int end = slice.First + slice.Count;
        for (int i = slice.First; i < end;)
        {
            if (images[i] is { Stop.IsCancellationRequested: false })
            {
                i++;
                continue;
            }

            images[i]?.Logits.SetCanceled(images[i]!.Stop);
            end--;
            if (images[end] is not null && i < end)
            {
                batch.Slot(end).CopyTo(batch.Slot(i));
            }

            images[i] = images[end];
        }

        return end - slice.First;
    }
}
