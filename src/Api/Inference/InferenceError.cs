namespace Fovea.Api;

/// <summary>How the Open Inference Protocol says why a request was refused.</summary>
/// <param name="Error">What was wrong and what was expected, in a sentence or two.</param>
internal sealed record InferenceError(string Error)
{
    private static readonly PathString Root = "/v2";

    /// <summary>Whether a request is answered as this protocol says.</summary>
    public static bool Speaks(HttpRequest request) => request.Path.StartsWithSegments(Root);

    /// <summary>Answers a request with a problem, in this protocol's words.</summary>
    public static Task Write(Problem problem, HttpResponse response)
    {
        response.StatusCode = StatusOf(problem);
        return response.WriteAsJsonAsync(new InferenceError(problem.Detail), ApiJson.Default.InferenceError);
    }

    /// <summary>Describes how a route of this protocol refuses.</summary>
    public static TBuilder RefusesInference<TBuilder>(TBuilder route, params IEnumerable<int> statuses)
        where TBuilder : IEndpointConventionBuilder
    {
        foreach (int status in statuses)
        {
            route.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(InferenceError), ["application/json"]));
        }

        return route;
    }

    // Its errors are 400, but for what clients tell apart: keys, names, size and load.
    private static int StatusOf(Problem problem) => problem.Status is StatusCodes.Status415UnsupportedMediaType or StatusCodes.Status422UnprocessableEntity or StatusCodes.Status409Conflict || problem.IsOf(Models.ErrorCode.ModelUnavailable)
        ? StatusCodes.Status400BadRequest
        : problem.Status;
}
