using System.IO.Pipelines;
using Fovea.Api.Configuration;
using Fovea.Api.Keys;
using Fovea.Api.Problems;
using Fovea.Api.Telemetry;

namespace Fovea.Api.Requests;

/// <summary>
/// Reads request bodies into memory. While a body arrives, its request does not count among a model's requests in flight. Instead the body
/// takes memory from the <see cref="BodyBudget"/>, and must keep the pace of <see cref="BodyPace"/>. A body that has arrived whole at the
/// first read, as most small bodies have, needs neither.
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
    /// <param name="most">The largest allowed size of the body in bytes.</param>
    /// <returns>The bytes of the body, possibly none. The caller disposes of them.</returns>
    /// <exception cref="ServiceException">
    /// <see cref="ServiceError.TooLarge"/>: the body has too many bytes. <see cref="ServiceError.TooSlow"/>: it arrives too slowly.
    /// <see cref="ServiceError.RateLimited"/>: the caller's bodies take too much memory.
    /// </exception>
    public ValueTask<PooledBytes> Read(HttpRequest request, int most)
    {
        RequestBody.RefuseOver(most, What, request.ContentLength);
        var reader = request.BodyReader;

        // The read gets no cancellation token: after a cancelled read, the server could not read the rest of the request's body. When the
        // client disconnects, the server itself ends the read.
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
            $"The request bodies of this caller take all the memory that one caller may use now. Retry in {RetryShare.TotalSeconds:N0} s.")
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
            $"{What} arrives too slowly: {received:N0}{announced} bytes have arrived; "
                + $"expected a speed at which the whole body arrives within {settings.BodySeconds:N0} s.");
    }
}
