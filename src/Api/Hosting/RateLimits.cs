using System.Threading.RateLimiting;
using Fovea.Api.Keys;
using Fovea.Api.Problems;

namespace Fovea.Api.Hosting;

/// <summary>Limits the requests per minute of each caller. Probes and metrics are not counted.</summary>
internal static class RateLimits
{
    private static readonly string[] NotCounted = ["/health", "/metrics", "/grpc.health.v1.Health"];

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public static void UseRateLimits(this WebApplication app, int requestsPerMinute)
    {
        if (requestsPerMinute == 0)
        {
            return;
        }

        var keys = app.Services.GetRequiredService<ApiKeys>();
        var limiter = PartitionedRateLimiter.Create<HttpContext, string>(
            context => RateLimitPartition.GetTokenBucketLimiter(Caller.Of(context, keys), _ => Bucket(requestsPerMinute)));
        app.Lifetime.ApplicationStopped.Register(limiter.Dispose);
        app.Use(async (context, next) =>
        {
            if (!NotCounted.Any(path => context.Request.Path.StartsWithSegments(path, StringComparison.Ordinal)))
            {
                using var lease = limiter.AttemptAcquire(context);
                if (!lease.IsAcquired)
                {
                    var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var given) ? given : Minute / requestsPerMinute;
                    throw new ServiceException(
                        ServiceError.RateLimited,
                        $"This caller has sent more than the {requestsPerMinute:N0} requests allowed in a minute "
                            + $"(Fovea:RequestsPerMinute). Retry in {Math.Ceiling(wait.TotalSeconds):N0} s.")
                    {
                        RetryAfter = wait,
                    };
                }
            }

            await next(context);
        });
    }

    // The token bucket starts full, so all requests of one minute may come at once. It is refilled every second, or less often if less than
    // one token is due per second.
    private static TokenBucketRateLimiterOptions Bucket(int requestsPerMinute)
    {
        int atOnce = Math.Max(1, requestsPerMinute / 60);
        return new()
        {
            TokenLimit = requestsPerMinute,
            TokensPerPeriod = atOnce,
            ReplenishmentPeriod = Minute * atOnce / requestsPerMinute,
            QueueLimit = 0,
            AutoReplenishment = true,
        };
    }
}
