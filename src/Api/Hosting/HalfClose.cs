using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Fovea.Api.Hosting;

/// <summary>
/// Answers clients that close their sending side after a whole request. Kestrel takes the end of the client's bytes for the end of the
/// connection: it refuses a complete body, cancels the request, and resets the connection. So Kestrel sees the end only when no bytes are
/// left before it, and learns that the connection is closed only after some seconds, in which the answer goes out.
/// </summary>
/// <remarks>
/// A client that has disconnected looks the same until something is sent to it, so its request is cancelled some seconds late. A reset
/// connection is still noticed at once on reading and writing.
/// </remarks>
internal static class HalfClose
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>Wraps every connection.</summary>
    /// <param name="builder">The connection's pipeline.</param>
    /// <param name="time">The clock.</param>
    public static void UseHalfClose(this IConnectionBuilder builder, TimeProvider time) => builder.Use(next => async connection =>
    {
        using var closed = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        var registration = connection.ConnectionClosed.UnsafeRegister(
            static closed => ((CancellationTokenSource)closed!).CancelAfter(Grace), closed);
        connection.ConnectionClosed = closed.Token;
        connection.Transport = new Pipes(new LateEndReader(connection.Transport.Input), connection.Transport.Output);
        try
        {
            await next(connection);
        }
        finally
        {
            // Waits for a running callback, which would otherwise use the disposed token source.
            await registration.DisposeAsync();
        }
    });

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
