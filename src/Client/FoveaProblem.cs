namespace Fovea.Client;

/// <summary>The reason why the service refused a request, or one image of a request: a problem document (RFC 9457).</summary>
/// <param name="Title">The HTTP status in words.</param>
/// <param name="Status">The HTTP status, 400 to 599.</param>
/// <param name="Detail">What was wrong and what was expected, as a sentence or two.</param>
/// <param name="Code">
/// The stable name of the kind of problem, for programs: unknown_model, not_an_image, overloaded ... An answer without a problem document,
/// such as a proxy's, has the code <see cref="UnexpectedAnswer"/>.
/// </param>
public sealed record FoveaProblem(string Title, int Status, string Detail, string Code)
{
    /// <summary>The code of an answer that does not come from a Fovea service.</summary>
    public const string UnexpectedAnswer = "unexpected_answer";
}
