using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Fovea.Api.Hosting;

/// <summary>
/// Accepts HTTP/2 without TLS on the same port as HTTP/1.1, from clients that begin with HTTP/2 at once. Such a client sends a fixed text
/// first, the connection preface (RFC 9113, section 3.4). No HTTP/1.1 request begins with this text.
/// </summary>
/// <remarks>
/// On a port with both protocols, Kestrel chooses HTTP/2 only if TLS has negotiated it. So for a connection that begins with the preface,
/// this class sets the features of a TLS connection while Kestrel chooses, and removes them afterwards. Kestrel's first read waits for the
/// removal, so requests have the scheme http.
/// </remarks>
internal static class CleartextHttp2
{
    // A client of HTTP/2 sends the preface right after connecting. A connection without bytes for this time is treated as HTTP/1.1, to
    // which the server's own time limits apply.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly byte[] Preface = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8];

    /// <summary>Reads the first bytes of every connection, and switches it to HTTP/2 if they are the preface.</summary>
    /// <param name="builder">The connection's pipeline.</param>
    /// <param name="time">The clock.</param>
    public static void UseCleartextHttp2(this IConnectionBuilder builder, TimeProvider time) => builder.Use(next => async connection =>
    {
        // A TLS connection does not begin with the preface, so it is passed on unchanged.
        if (!await HasPreface(connection, time))
        {
            await next(connection);
            return;
        }

        var chosen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var negotiated = new Negotiated();
        connection.Transport = new Duplex(new WaitingReader(connection.Transport.Input, chosen.Task), connection.Transport.Output);
        connection.Features.Set<ITlsConnectionFeature>(negotiated);
        connection.Features.Set<ITlsApplicationProtocolFeature>(negotiated);
        var serving = next(connection);
        connection.Features.Set<ITlsConnectionFeature>(null);
        connection.Features.Set<ITlsApplicationProtocolFeature>(null);
        chosen.SetResult();
        await serving;
    });

    private static async Task<bool> HasPreface(ConnectionContext connection, TimeProvider time)
    {
        var input = connection.Transport.Input;
        var closing = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using var limit = new CancellationTokenSource(Patience, time);
        bool isFound;
        using (limit.Token.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), input))
        using (closing.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), input))
        {
            isFound = await Peek(input);
        }

        // A cancellation that came too late for the last read would cancel the server's first read. An extra read consumes it.
        if ((limit.IsCancellationRequested || closing.IsCancellationRequested) && input.TryRead(out var late))
        {
            input.AdvanceTo(late.Buffer.Start, late.Buffer.Start);
        }

        return isFound;
    }

    // Reads until the bytes differ from the preface or are the whole preface. Consumes no bytes.
    private static async Task<bool> Peek(PipeReader input)
    {
        while (true)
        {
            ReadResult read;
            try
            {
                read = await input.ReadAsync(CancellationToken.None);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // The server gets the same error at its first read, and handles it.
                return false;
            }

            int length = (int)Math.Min(read.Buffer.Length, Preface.Length);
            bool isAlike = read.Buffer.Slice(0, length).ToArray().AsSpan().SequenceEqual(Preface.AsSpan(0, length));
            bool isDecided = !isAlike || length == Preface.Length || read.IsCompleted || read.IsCanceled;

            // If more bytes are needed, all bytes are marked as examined, so that the pipe waits for more. Otherwise no byte is marked, so
            // that the server's first read gets the bytes at once.
            input.AdvanceTo(read.Buffer.Start, isDecided ? read.Buffer.Start : read.Buffer.End);
            if (isDecided)
            {
                return isAlike && length == Preface.Length;
            }
        }
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class Negotiated : ITlsConnectionFeature, ITlsApplicationProtocolFeature
    {
        public X509Certificate2? ClientCertificate { get; set; }

        public ReadOnlyMemory<byte> ApplicationProtocol { get; } = new([.. "h2"u8]);

        public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) =>
            Task.FromResult<X509Certificate2?>(null);
    }

    // Passes every call on, but waits for a task before the first read.
    private sealed class WaitingReader(PipeReader inner, Task until) : PipeReader
    {
        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            await until.WaitAsync(cancellationToken);
            return await inner.ReadAsync(cancellationToken);
        }

        public override bool TryRead(out ReadResult result)
        {
            result = default;
            return until.IsCompleted && inner.TryRead(out result);
        }

        public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);
    }
}
