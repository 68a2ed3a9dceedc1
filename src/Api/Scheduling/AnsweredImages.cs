using System.Collections.Concurrent;

namespace Fovea.Api.Scheduling;

/// <summary>
/// The images of finished runs whose requests do not have their answers yet. The thread that completes an image's task also goes on with
/// its request, until the request has written its response. A thread therefore answers several images one after the other: handing each to
/// a thread of its own would take more time than writing the response. Before a thread begins, it asks for another one if more images
/// wait, so a request that does long work after its answer does not keep the others waiting.
/// </summary>
/// <remarks>Thread-safe, without a lock.</remarks>
internal sealed class AnsweredImages
{
    private readonly ConcurrentQueue<PendingImage> waiting = [];

    /// <summary>Adds an image that has its logits or has failed.</summary>
    public void Add(PendingImage image) => waiting.Enqueue(image);

    /// <summary>Completes the tasks of the waiting images after a run.</summary>
    /// <param name="longRun">
    /// Whether the run was long. A long run has a thread of its own, which ends now, so the pool goes on with the requests. A short run is
    /// on a thread of the pool, which goes on with them itself.
    /// </param>
    public void CompleteAfter(bool longRun)
    {
        if (longRun)
        {
            CompleteElsewhere();
        }
        else
        {
            Complete();
        }
    }

    private void Complete()
    {
        if (!waiting.TryDequeue(out var image))
        {
            return;
        }

        if (!waiting.IsEmpty)
        {
            CompleteElsewhere();
        }

        do
        {
            image.Complete();
        }
        while (waiting.TryDequeue(out image));
    }

    private void CompleteElsewhere() =>
        ThreadPool.UnsafeQueueUserWorkItem(static answers => answers.Complete(), this, preferLocal: false);
}
