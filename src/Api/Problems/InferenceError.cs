
namespace Fovea.Api.Problems;

/// <summary>The error document of the Open Inference Protocol.</summary>
/// <param name="Error">The reason, and what was expected, in a sentence or two.</param>
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

    // Errors of this protocol have the status 400, except those that clients tell apart: keys, names, size and load.
    private static int StatusOf(Problem problem) =>
        problem.Status is StatusCodes.Status415UnsupportedMediaType
            or StatusCodes.Status422UnprocessableEntity
            or StatusCodes.Status409Conflict
        || problem.IsOf(ServiceError.ModelUnavailable)
        ? StatusCodes.Status400BadRequest
        : problem.Status;
}
