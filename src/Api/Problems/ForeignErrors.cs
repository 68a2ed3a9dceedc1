namespace Fovea.Api.Problems;

/// <summary>The APIs of other services that this one answers too. Below their routes, errors have the form of their own documents.</summary>
internal static class ForeignErrors
{
    private static readonly (PathString Root, Func<Problem, HttpResponse, Task> Write)[] Forms =
    [
        (CustomVisionError.Root, CustomVisionError.Write),
        ("/v1", OpenAIError.Write),
        ("/v2", InferenceError.Write),
    ];

    /// <summary>Returns what writes a problem in the form of the API that a path belongs to; null for the service's own routes.</summary>
    public static Func<Problem, HttpResponse, Task>? WriterFor(PathString path) =>
        Array.Find(Forms, form => path.StartsWithSegments(form.Root)).Write;
}
