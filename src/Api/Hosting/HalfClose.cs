using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Fovea.Api.Hosting;

/// <summary>
/// Lets the service answer clients that close their sending side after a complete request. Kestrel by itself takes the end of the client's
/// bytes for the end of the connection: it refuses even a complete body, cancels the request, and resets the connection. So this class
/// shows Kestrel the end only after all bytes before it were read, and reports the closed connection five seconds late. In this time the
/// answer is sent.
/// </summary>
/// <remarks>
/// A client that has disconnected looks the same until bytes are sent to it, so its request is cancelled five seconds late. A reset
/// connection is still detected at once by reads and writes.
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
            // Waits until the callback has ended, because it uses the token source that is disposed of next.
            await registration.DisposeAsync();
        }
    });

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
