using System.IO.Pipelines;
using Fovea.Api.Configuration;
using Fovea.Api.Keys;
using Fovea.Api.Problems;
using Fovea.Api.Telemetry;

namespace Fovea.Api.Requests;

/// <summary>
/// Reads request bodies that are kept in memory. A body takes no place with a model while it arrives: it takes memory of the <see
/// cref="BodyBudget"/>, and must keep the <see cref="BodyPace"/>. A body that is there at the first read, as small ones are, costs neither.
/// </summary>
internal sealed class RequestBodies
{
    private const string What = "The request's body";

    private static readonly TimeSpan RetryShare = TimeSpan.FromSeconds(5);

    private readonly HostSettings settings;
    private readonly BodyBudget budget;
    private readonly ApiKeys keys;
    private readonly Metrics metrics;
    private readonly TimeProvider time;

    public RequestBodies(HostSettings settings, BodyBudget budget, ApiKeys keys, Metrics metrics, TimeProvider time)
    {
        (this.settings, this.budget, this.keys, this.metrics, this.time) = (settings, budget, keys, metrics, time);
        metrics.BufferedBytes = () => budget.Held;
    }

    /// <summary>Reads a body to its end.</summary>
    /// <param name="request">The request.</param>
    /// <param name="most">The largest body in bytes.</param>
    /// <returns>The bytes, possibly none; to be disposed of.</returns>
    /// <exception cref="ServiceException">
    /// <see cref="ServiceError.TooLarge"/>, <see cref="ServiceError.TooSlow"/>, or <see cref="ServiceError.RateLimited"/>: the caller holds
    /// too much memory.
    /// </exception>
    public ValueTask<PooledBytes> Read(HttpRequest request, int most)
    {
        RequestBody.RefuseOver(most, What, request.ContentLength);
        var reader = request.BodyReader;

        // No token: the server ends the read when the client goes away, and a read that a token cancels breaks the server's draining of the
        // body.
        var first = reader.ReadAsync(CancellationToken.None);
        if (!first.IsCompletedSuccessfully)
        {
            return ReadOn(request, reader, first, most);
        }

        var read = first.Result;
        if (!read.IsCompleted || read.IsCanceled || read.Buffer.Length > most)
        {
            return ReadOn(request, reader, new(read), most);
        }

        var bytes = PooledBytes.Copy(read.Buffer);
        reader.AdvanceTo(read.Buffer.End);
        return new(bytes);
    }

    private async ValueTask<PooledBytes> ReadOn(HttpRequest request, PipeReader reader, ValueTask<ReadResult> next, int most)
    {
        using var pace = new BodyPace(reader, request.ContentLength, TimeSpan.FromSeconds(settings.BodySeconds), time);
        var bytes = new PooledBytes(budget.Open(Caller.Of(request.HttpContext, keys)));
        try
        {
            while (true)
            {
                var read = await next;
                bool fits = read.Buffer.Length <= most - bytes.Length;
                bool isHeld = fits && bytes.TryAppend(read.Buffer, (int)(request.ContentLength ?? most));
                reader.AdvanceTo(read.Buffer.End);
                if (!isHeld)
                {
                    throw fits ? OverShare() : RequestBody.TooLarge(What, most);
                }

                if (read.IsCompleted)
                {
                    return bytes;
                }

                if (pace.IsTooSlow)
                {
                    throw TooSlow(bytes.Length, request.ContentLength);
                }

                pace.Received = bytes.Length;
                next = reader.ReadAsync(CancellationToken.None);
            }
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    private ServiceException OverShare()
    {
        metrics.BodyRefused("share");
        return new(
            ServiceError.RateLimited,
            $"This caller's bodies take all the memory that one caller may have now. Retry in {RetryShare.TotalSeconds:N0} s.")
        {
            RetryAfter = RetryShare,
        };
    }

    private ServiceException TooSlow(int received, long? whole)
    {
        metrics.BodyRefused("pace");
        var announced = whole is null ? "" : $" of {whole:N0}";
        return new(
            ServiceError.TooSlow,
            $"{What} is too slow: {received:N0}{announced} bytes have arrived; "
                + $"expected a pace at which it is whole within {settings.BodySeconds:N0} s.");
    }
}
