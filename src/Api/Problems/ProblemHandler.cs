using System.Globalization;
using Fovea.Models;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Features;

namespace Fovea.Api;

/// <summary>
/// Answers every error, expected or not, with a problem document. A fault of the service is logged, and its cause is not shown.
/// </summary>
internal sealed class ProblemHandler(Settings settings, PrivatePaths paths, Metrics metrics, ILogger<ProblemHandler> log)
    : IExceptionHandler
{
    private static readonly TimeSpan RetryUnavailable = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is ConnectionResetException)
        {
            // The client has gone in the middle of its request. Nobody is left to answer, and nothing to receive.
            context.Abort();
            return true;
        }

        var problem = ProblemOf(exception);
        if (StateDatabase.IsAway(exception))
        {
            log.JobsUnreachable(StateDatabase.Reason(exception));
        }

        if (problem.Status == StatusCodes.Status500InternalServerError)
        {
            log.RequestFailed(exception, context.Request.Method, context.Request.Path);
        }

        AddHeaders(context, problem, exception as FoveaException);
        metrics.Answered(context.Features.Get<ServedModel>()?.Name ?? "none", problem.Code);
        await problem.WriteTo(context.Response);
        return true;
    }

    /// <summary>Gives routes that do not exist, and methods that they do not have, a problem document too.</summary>
    public static Task UnknownRoute(StatusCodeContext status)
    {
        var (request, response) = (status.HttpContext.Request, status.HttpContext.Response);
        return (response.StatusCode switch
        {
            StatusCodes.Status404NotFound => Problem.Of(ErrorCode.UnknownRoute, $"There is no route {request.Path}; /swagger lists those that exist."),
            StatusCodes.Status405MethodNotAllowed =>
                Problem.Of(
                    ErrorCode.UnknownRoute,
                    $"{request.Path} does not take {request.Method}; expected {response.Headers.Allow}.",
                    response.StatusCode),
            _ => Problem.Of(ErrorCode.MalformedRequest, $"{request.Method} {request.Path} was refused.", response.StatusCode),
        }).WriteTo(response);
    }

    private Problem ProblemOf(Exception exception) => exception switch
    {
        FoveaException e => Problem.Of(e.Code, paths.RemoveFrom(e.Message)),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } =>
            Problem.Of(ErrorCode.TooLarge, $"The request's body has more than the {settings.MaxRequestBytes:N0} bytes allowed."),
        BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } =>
            Problem.Of(
                ErrorCode.TooSlow, "The request's body is slower than the bytes a second that are expected (Fovea:MinBytesPerSecond)."),
        BadHttpRequestException e => Problem.Of(ErrorCode.MalformedRequest, $"The request cannot be read: {e.Message}"),
        _ when StateDatabase.IsAway(exception) =>
            Problem.Of(ErrorCode.Unavailable, "The database of the fine-tuning jobs cannot be reached, or not be written to, now."),
        _ => Problem.Of(ErrorCode.Internal, "The service failed at this request; its log says why."),
    };

    private static void AddHeaders(HttpContext context, Problem problem, FoveaException? exception)
    {
        var headers = context.Response.Headers;
        if ((exception?.RetryAfter ?? (exception?.Code == ErrorCode.Unavailable ? RetryUnavailable : null)) is { } wait)
        {
            headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        switch (problem.Status)
        {
            case StatusCodes.Status401Unauthorized:
                headers.WWWAuthenticate = "Bearer";
                break;
            case StatusCodes.Status408RequestTimeout when HttpProtocol.IsHttp11(context.Request.Protocol):
                // The server does not wait for the rest of the body then.
                headers.Connection = "close";
                break;
            case StatusCodes.Status413PayloadTooLarge:
                DrainRest(context);
                break;
        }
    }

    // A client that sends without listening gets to the answer only if the server goes on receiving. The server does, for some seconds and
    // without keeping anything, unless the body is over its own limit: then it resets the connection, and the answer with it.
    private static void DrainRest(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }
    }
}
