using Fovea.Api.Configuration;
using Fovea.Api.Jobs;
using Fovea.Api.Problems;
using Fovea.Api.Serving;
using Fovea.Api.Storage;
using Fovea.Api.Telemetry;
using Fovea.Models.Errors;

namespace Fovea.Api.Hosting;

/// <summary>
/// Finds the problem for every exception that ends a request, over HTTP or gRPC, and counts it. An error in the service itself is logged,
/// and the client does not see its cause.
/// </summary>
internal sealed class FailedRequests(Settings settings, PrivatePaths paths, Metrics metrics, ILogger<FailedRequests> log)
{
    private static readonly TimeSpan RetryUnavailable = TimeSpan.FromSeconds(5);

    /// <summary>Counts a request that has ended with an exception, and logs an error in the service itself.</summary>
    /// <returns>The problem to answer with.</returns>
    public Problem Report(HttpContext context, Exception exception)
    {
        var problem = ProblemOf(exception);
        if (StateDatabase.IsAway(exception))
        {
            log.JobsUnreachable(StateDatabase.Reason(exception));
        }

        if (problem.Status == StatusCodes.Status500InternalServerError)
        {
            log.RequestFailed(exception, context.Request.Method, context.Request.Path);
        }

        metrics.Answered(context.Features.Get<ServedModel>()?.Name ?? "none", problem.Code);
        return problem;
    }

    /// <summary>Returns the time after which a retry may succeed; null if waiting does not help.</summary>
    /// <param name="exception">The exception that ended the request.</param>
    /// <param name="problem">The problem to answer with.</param>
    public static TimeSpan? RetryAfter(Exception exception, Problem problem) =>
        (exception as ServiceException)?.RetryAfter ?? (problem.IsOf(ServiceError.Unavailable) ? RetryUnavailable : null);

    private Problem ProblemOf(Exception exception) => exception switch
    {
        // While a disk is gone, it is the cause of such errors, whatever they say.
        (IOException and not BadHttpRequestException) or UnauthorizedAccessException
            or FoveaException { Code: ErrorCode.CannotWrite or ErrorCode.BadModelFile or ErrorCode.BadDataset }
            when SharedDisk.Missing(settings) is { } folder =>
            Problem.Of(SharedDisk.Unreachable($"The folder of {folder}")),
        RefusalException e => Problem.Of(e, paths.RemoveFrom(e.Message)),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } =>
            Problem.Of(ServiceError.TooLarge, $"The request's body has more than the {settings.MaxRequestBytes:N0} bytes allowed."),
        BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } =>
            Problem.Of(
                ServiceError.TooSlow,
                "The request's body arrives too slowly; expected at least the bytes per second of Fovea:MinBytesPerSecond."),
        BadHttpRequestException e => Problem.Of(ServiceError.MalformedRequest, $"The request cannot be read: {e.Message}"),
        _ when StateDatabase.IsAway(exception) =>
            Problem.Of(ServiceError.Unavailable, "The database of the fine-tuning jobs cannot be reached or written to now. Retry later."),
        _ => Problem.Of(ServiceError.Internal, "An error in the service ended this request; the service's log has the cause."),
    };
}
