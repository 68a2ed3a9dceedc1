using System.Net;
using Microsoft.Extensions.Http.Resilience;
using Polly;

namespace Fovea.Client;

/// <summary>
/// Which requests are sent again, and when. A request that changes nothing, or the same however often it arrives, is sent again where the
/// service was overloaded (429), not available (503) or could not be reached. Any other request is sent again only where it certainly has
/// done nothing: the service has refused it with 429, or no connection was made.
/// </summary>
internal static class Retries
{
    // A longer wait is the caller's decision, who may have something better to do.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    private static readonly HttpRequestOptionsKey<bool> Repeatable = new("Fovea.Repeatable"), Single = new("Fovea.Single");

    /// <summary>Marks a POST that changes nothing.</summary>
    public static void Allow(HttpRequestMessage request) => request.Options.Set(Repeatable, true);

    /// <summary>Marks a request that is sent once, because its body can be read only once or its answer is wanted now.</summary>
    public static void Forbid(HttpRequestMessage request) => request.Options.Set(Single, true);

    /// <summary>Adds the retries to a pipeline.</summary>
    public static void AddTo(ResiliencePipelineBuilder<HttpResponseMessage> pipeline, FoveaClientOptions options)
    {
        if (options.Retries > 0)
        {
            pipeline.AddRetry(new HttpRetryStrategyOptions
            {
                MaxRetryAttempts = options.Retries,
                Delay = TimeSpan.FromSeconds(0.5),
                MaxDelay = LongestWait,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldRetryAfterHeader = true,
                ShouldHandle = attempt => ValueTask.FromResult(
                    !(attempt.Outcome.Result?.Headers.RetryAfter?.Delta > LongestWait)
                        && MayRepeat(
                            attempt.Context.GetRequestMessage()!, attempt.Outcome.Result?.StatusCode, attempt.Outcome.Exception)),
            });
        }
    }

    /// <summary>Makes a handler with connections and retries of its own.</summary>
    public static HttpMessageHandler Handler(FoveaClientOptions options)
    {
        var pipeline = new ResiliencePipelineBuilder<HttpResponseMessage>();
        AddTo(pipeline, options);
        return new ResilienceHandler(pipeline.Build()) { InnerHandler = new SocketsHttpHandler() };
    }

    /// <summary>Whether a request may be sent again.</summary>
    /// <param name="request">The request.</param>
    /// <param name="status">The status of its answer; null: it has none.</param>
    /// <param name="exception">Why it has none.</param>
    public static bool MayRepeat(HttpRequestMessage request, HttpStatusCode? status, Exception? exception)
    {
        var error = (exception as HttpRequestException)?.HttpRequestError;
        bool hasDoneNothing = status is HttpStatusCode.TooManyRequests
            || error is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError;
        bool isSafe = request.Method != HttpMethod.Post || request.Options.TryGetValue(Repeatable, out _);
        return !request.Options.TryGetValue(Single, out _)
            && (hasDoneNothing || (isSafe && (status is HttpStatusCode.ServiceUnavailable || exception is HttpRequestException)));
    }
}
