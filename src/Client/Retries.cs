using System.Net;
using Microsoft.Extensions.Http.Resilience;
using Polly;

namespace Fovea.Client;

/// <summary>
/// Decides which requests are sent again, and when. A request that changes nothing, or has the same effect however often it arrives, is
/// sent again if the service was overloaded (429), not available (503) or could not be reached. Any other request is sent again only if it
/// certainly had no effect: the service has refused it with 429, or no connection was made.
/// </summary>
internal static class Retries
{
    // The longest wait before a retry. If the service names a longer time, the caller gets the error and decides whether to wait.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    private static readonly HttpRequestOptionsKey<bool> Repeatable = new("Fovea.Repeatable"), Single = new("Fovea.Single");

    /// <summary>Marks a POST that changes nothing.</summary>
    public static void Allow(HttpRequestMessage request) => request.Options.Set(Repeatable, true);

    /// <summary>Marks a request that is sent once, because its body can be read only once or its answer is needed at once.</summary>
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

    /// <summary>Creates a handler with its own connections and retries.</summary>
    public static HttpMessageHandler Handler(FoveaClientOptions options)
    {
        var pipeline = new ResiliencePipelineBuilder<HttpResponseMessage>();
        AddTo(pipeline, options);
        return new ResilienceHandler(pipeline.Build()) { InnerHandler = new SocketsHttpHandler() };
    }

    /// <summary>Whether a request may be sent again.</summary>
    /// <param name="request">The request.</param>
    /// <param name="status">The status of the answer; null: there is no answer.</param>
    /// <param name="exception">The reason why there is no answer; null if there is an answer.</param>
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
