
namespace Fovea.Api.Problems;

/// <summary>The error document of the Open Inference Protocol, for the routes under <c>/v2</c>.</summary>
/// <param name="Error">What was wrong and what was expected, in a sentence or two.</param>
internal sealed record InferenceError(string Error)
{
    /// <summary>Writes a problem as an error document of this protocol.</summary>
    public static Task Write(Problem problem, HttpResponse response)
    {
        response.StatusCode = StatusOf(problem);
        return response.WriteAsJsonAsync(new InferenceError(problem.Detail), ProblemJson.Default.InferenceError);
    }

    /// <summary>Declares the error statuses of a route of this protocol.</summary>
    public static TBuilder RefusesInference<TBuilder>(TBuilder route, params IEnumerable<int> statuses)
        where TBuilder : IEndpointConventionBuilder
    {
        foreach (int status in statuses)
        {
            route.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(InferenceError), ["application/json"]));
        }

        return route;
    }

    // In this protocol most errors have the status 400. Only errors that clients distinguish keep their own: unknown keys and names, too
    // large bodies, and overload.
    private static int StatusOf(Problem problem) =>
        problem.Status is StatusCodes.Status415UnsupportedMediaType
            or StatusCodes.Status422UnprocessableEntity
            or StatusCodes.Status409Conflict
        || problem.IsOf(ServiceError.ModelUnavailable)
        ? StatusCodes.Status400BadRequest
        : problem.Status;
}
