using System.Globalization;
using Fovea.Api.Problems;
using Fovea.Api.Requests;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Features;

namespace Fovea.Api.Hosting;

/// <summary>Answers every exception with a problem document.</summary>
internal sealed class ProblemHandler(FailedRequests failed) : IExceptionHandler
{
    /// <inheritdoc/>
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is ConnectionResetException)
        {
            // The client has disconnected during its request, so there is nobody to answer and nothing more to receive.
            context.Abort();
            return true;
        }

        var problem = failed.Report(context, exception);
        AddHeaders(context, problem, FailedRequests.RetryAfter(exception));
        await problem.WriteTo(context.Response);
        return true;
    }

    /// <summary>Writes a problem document for a request to an unknown route, or with a method that the route does not have.</summary>
    public static Task UnknownRoute(StatusCodeContext status)
    {
        var (request, response) = (status.HttpContext.Request, status.HttpContext.Response);
        return (response.StatusCode switch
        {
            StatusCodes.Status404NotFound =>
                Problem.Of(ServiceError.UnknownRoute, $"There is no route {request.Path}; /swagger lists the existing routes."),
            StatusCodes.Status405MethodNotAllowed =>
                Problem.Of(
                    ServiceError.UnknownRoute,
                            $"{request.Path} does not support {request.Method}; expected {response.Headers.Allow}.",
                    response.StatusCode),
            _ => Problem.Of(ServiceError.MalformedRequest, $"{request.Method} {request.Path} was refused.", response.StatusCode),
        }).WriteTo(response);
    }

    private static void AddHeaders(HttpContext context, Problem problem, TimeSpan? retryAfter)
    {
        var headers = context.Response.Headers;
        if (retryAfter is { } wait)
        {
            headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            if (GrpcError.Speaks(context.Request))
            {
                headers[GrpcError.Pushback] = GrpcError.Milliseconds(wait);
            }
        }

        switch (problem.Status)
        {
            case StatusCodes.Status401Unauthorized:
                headers.WWWAuthenticate = "Bearer";
                break;
            case StatusCodes.Status408RequestTimeout when HttpProtocol.IsHttp11(context.Request.Protocol):
                // The server does not wait for the rest of the body, so the connection cannot be used again.
                headers.Connection = "close";
                break;
            case StatusCodes.Status413PayloadTooLarge:
                DrainRest(context);
                break;
            case StatusCodes.Status415UnsupportedMediaType when context.Request.Headers.ContentEncoding.Count > 0:
                // RFC 7694: the answer says which encodings would be taken, but only where the encoding was the reason. Encodings that are
                // taken are no longer among the headers.
                headers.AcceptEncoding = ContentEncodings.Known;
                break;
        }
    }

    // A client that reads the answer only after sending its whole body gets the answer only if the server keeps receiving. The server
    // receives and discards the rest for some seconds, unless the body is over the server's own limit: then it resets the connection, and
    // the answer is lost. So the limit is removed.
    private static void DrainRest(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }
    }
}
