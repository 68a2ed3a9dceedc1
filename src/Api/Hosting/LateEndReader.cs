using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace Fovea.Api.Hosting;

/// <summary>
/// A pipe reader that reports the end of the pipe late: when no bytes are left, or when the consumer has examined all bytes and consumed
/// none, so that more bytes would be needed.
/// </summary>
/// <remarks>
/// As with every pipe reader, only one read may run at a time. Every request on an open connection waits once in this reader. So that a
/// wait allocates no memory, this object is the source of its own tasks.
/// </remarks>
internal sealed class LateEndReader : PipeReader, IValueTaskSource<ReadResult>
{
    private readonly PipeReader inner;
    private readonly Action completeRead;
    private ManualResetValueTaskSourceCore<ReadResult> source;
    private ConfiguredValueTaskAwaitable<ReadResult>.ConfiguredValueTaskAwaiter waiting;
    private SequencePosition start;
    private bool isEndDue;

    /// <summary>Wraps a reader.</summary>
    /// <param name="inner">The reader of the connection.</param>
    public LateEndReader(PipeReader inner) => (this.inner, completeRead) = (inner, CompleteRead);

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var read = inner.ReadAsync(cancellationToken);
        if (read.IsCompletedSuccessfully)
        {
            return new(Show(read.Result));
        }

        source.Reset();
        waiting = read.ConfigureAwait(false).GetAwaiter();
        waiting.UnsafeOnCompleted(completeRead);
        return new(this, source.Version);
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        bool hasRead = inner.TryRead(out result);
        if (hasRead)
        {
            result = Show(result);
        }

        return hasRead;
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        isEndDue = consumed.Equals(start);
        inner.AdvanceTo(consumed, examined);
    }

    /// <inheritdoc/>
    public override void CancelPendingRead() => inner.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    /// <inheritdoc/>
    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => source.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        source.OnCompleted(continuation, state, token, flags);

    private void CompleteRead()
    {
        ReadResult read;
        try
        {
            read = Show(waiting.GetResult());
        }
        catch (Exception e)
        {
            source.SetException(e);
            return;
        }

        source.SetResult(read);
    }

    private ReadResult Show(in ReadResult read)
    {
        start = read.Buffer.Start;
        return read.IsCompleted && !read.Buffer.IsEmpty && !isEndDue ? new(read.Buffer, read.IsCanceled, isCompleted: false) : read;
    }
}
