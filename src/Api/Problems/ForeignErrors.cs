namespace Fovea.Api.Problems;

/// <summary>
/// The APIs of other services that this service also supports. Errors of their routes have the form that those APIs define.
/// </summary>
internal static class ForeignErrors
{
    private static readonly (PathString Root, Func<Problem, HttpResponse, Task> Write)[] Forms =
    [
        (CustomVisionError.Root, CustomVisionError.Write),
        ("/v1", OpenAIError.Write),
        ("/v2", InferenceError.Write),
    ];

    /// <summary>Returns the function that writes errors in the form of the path's API; null for the service's own routes.</summary>
    public static Func<Problem, HttpResponse, Task>? WriterFor(PathString path) =>
        Array.Find(Forms, form => path.StartsWithSegments(form.Root)).Write;
}
