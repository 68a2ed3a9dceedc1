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
            // The client has disconnected, so no answer can be sent.
            context.Abort();
            return true;
        }

        var problem = failed.Report(context, exception);
        AddHeaders(context, problem, FailedRequests.RetryAfter(exception, problem));
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
                // The server does not read the rest of the body, so the connection cannot be used again.
                headers.Connection = "close";
                break;
            case StatusCodes.Status413PayloadTooLarge:
                DrainRest(context);
                break;
            case StatusCodes.Status415UnsupportedMediaType when context.Request.Headers.ContentEncoding.Count > 0:
                // RFC 7694: if the body's encoding was the reason, the answer lists the supported encodings. Decoding a supported encoding
                // removes the header Content-Encoding, so a header that is still there has an unsupported one.
                headers.AcceptEncoding = ContentEncodings.Known;
                break;
        }
    }

    // Some clients read the answer only after they have sent their whole body. For them the server receives and discards the rest of the
    // body for some seconds. But if the body exceeds the server's own limit, the server resets the connection instead, and the answer is
    // lost. So the server's limit is removed.
    private static void DrainRest(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }
    }
}
