namespace Fovea.Api;

/// <summary>A job in the hands of the worker that took it last. One that was taken by another meanwhile, or called off, can be changed no more.</summary>
internal sealed class HeldJob(JobStore store, Job taken)
{
    private readonly long fence = taken.Fence;

    /// <summary>The job as it was when it was last looked at.</summary>
    public Job Now { get; private set; } = taken;

    /// <summary>Changes it.</summary>
    /// <exception cref="OperationCanceledException">It is no longer ours.</exception>
    public async Task Change(Action<Job> change, JobCheckpoint? checkpoint = null) => Now = await store.Change(
        Now.Id,
        job =>
        {
            RequireHeld(job);
            change(job);
        },
        CancellationToken.None,
        checkpoint);

    /// <summary>Ends it, or goes on to its next part, if nobody paused it.</summary>
    /// <exception cref="OperationCanceledException">It is no longer ours, or paused.</exception>
    public Task Advance(Action<Job> change) => Change(job =>
    {
        RequireRunning(job);
        change(job);
    });

    /// <summary>Looks at it.</summary>
    /// <returns>Whether it is to go on; otherwise it is paused.</returns>
    /// <exception cref="OperationCanceledException">It is no longer ours.</exception>
    public async Task<bool> IsRunning()
    {
        var job = await store.Find(Now.Id, CancellationToken.None);
        RequireHeld(job);
        return job.Status is JobStatus.Running;
    }

    /// <summary>Goes on only if it is ours, and not paused.</summary>
    /// <exception cref="OperationCanceledException">It is not.</exception>
    public async Task RequireRunning()
    {
        if (!await IsRunning())
        {
            throw new OperationCanceledException($"{Now.Id} is paused.");
        }
    }

    private static void RequireRunning(Job job)
    {
        if (job.Status is not JobStatus.Running)
        {
            throw new OperationCanceledException($"{job.Id} is paused.");
        }
    }

    private void RequireHeld(Job job)
    {
        if (job.Fence != fence)
        {
            throw new OperationCanceledException($"{job.Id} was called off, or taken over by another worker.");
        }
    }
}
