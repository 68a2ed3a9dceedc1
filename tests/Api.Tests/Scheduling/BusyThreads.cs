namespace Fovea.Api.Tests.Scheduling;

/// <summary>Keeps the threads of the thread pool busy until it is released, so that work queued after it waits.</summary>
internal sealed class BusyThreads : IDisposable
{
    // More than the pool has threads.
    private const int Items = 100;

    private readonly ManualResetEventSlim released = new();
    private int left = Items;

    public BusyThreads()
    {
        for (int i = 0; i < Items; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static busy => busy.Wait(), this, preferLocal: false);
        }
    }

    public void Release() => released.Set();

    /// <summary>Releases the threads, and waits until none of them uses this object any more.</summary>
    public void Dispose()
    {
        Release();
        SpinWait.SpinUntil(() => Volatile.Read(ref left) == 0);
        released.Dispose();
    }

    private void Wait()
    {
        released.Wait();
        Interlocked.Decrement(ref left);
    }
}
