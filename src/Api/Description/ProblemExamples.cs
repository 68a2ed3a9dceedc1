using System.Globalization;
using System.Text.Json.Nodes;
using Fovea.Models;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Fovea.Api;

/// <summary>Says when a route answers with each status, and shows such an answer.</summary>
internal sealed class ProblemExamples : IOperationFilter
{
    private static readonly Dictionary<int, (string When, Problem Example)> ByStatus = new (string When, ErrorCode Code, string Detail)[]
    {
        ("The request is malformed, its body is empty, or an argument is out of range.", ErrorCode.MalformedRequest, "top is 0; expected a whole number from 1 to 10."),
        ("The route wants an API key.", ErrorCode.Unauthorized, "This route wants an API key, and none was sent; expected the header Authorization: Bearer KEY."),
        ("The key that was sent is for something else; or no API key is set, and the caller is no developer on the same machine.", ErrorCode.Forbidden, "This route writes and no API key is set; without one it is open to a developer on the same machine only, but this is not the Development environment. Set a key, in the environment Fovea__ApiKeys__0=KEY, and send it as Authorization: Bearer KEY."),
        ("The model is not in a state for that.", ErrorCode.Conflict, "lenet5 has a version 1 already; expected a number that is free, since a version never changes."),
        ("The model repository cannot be written to.", ErrorCode.CannotWrite, "The model repository cannot be written to: Read-only file system. Nothing was changed; expected a folder that the service may write to, with enough room."),
        ("There is no such model, version or architecture.", ErrorCode.UnknownModel, "There is no model lenet; expected one of lenet5."),
        ("An image has more than 20 MiB, or the request more than 100 MiB.", ErrorCode.TooLarge, "The request's body has 31,457,280 bytes; expected at most 20,971,520."),
        ("The request is declared as something that is no image.", ErrorCode.UnsupportedMediaType, "The request is declared as text/plain, which is no image; expected image/png, image/jpeg ..."),
        ("The body is no image, is damaged, or has too many pixels; or all images of a form are such.", ErrorCode.DamagedImage, "The PNG image is truncated."),
        ("The model has as many requests as it takes, or the caller sends more than allowed; `Retry-After` says when to come back.", ErrorCode.Overloaded, "lenet5 is at capacity (64 requests in flight). Retry in 1 s."),
        ("The body arrives too slowly.", ErrorCode.TooSlow,
            "The request's body is too slow: 900 of 20,000,000 bytes have arrived; expected a pace at which it is whole within 120 s."),
        ("The answer took longer than allowed.", ErrorCode.DeadlineExceeded, "The answer took longer than the 30 s allowed."),
        ("The service failed; its log says why.", ErrorCode.Internal, "The service failed at this request; its log says why."),
        ("The service is starting or shutting down (`Retry-After` says when to come back), or the model could not be loaded.", ErrorCode.Unavailable, "The service is starting: lenet5 is not loaded yet."),
    }.Select(row => (row.When, Problem.Of(row.Code, row.Detail))).ToDictionary(row => row.Item2.Status);

    /// <inheritdoc/>
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        foreach (var (status, response) in operation.Responses ?? [])
        {
            if (int.TryParse(status, CultureInfo.InvariantCulture, out int number) && ByStatus.TryGetValue(number, out var problem))
            {
                response.Description = problem.When;
                if (context.ApiDescription.RelativePath?.StartsWith("v2", StringComparison.Ordinal) == true)
                {
                    // Problems have another form there.
                    continue;
                }

                foreach (var (type, content) in response.Content!)
                {
                    ((OpenApiMediaType)content).Example = type == Problem.MediaType ? Node(problem.Example) : new JsonArray(Node(problem.Example));
                }
            }
        }
    }

    private static JsonObject Node(Problem problem) => new()
    {
        ["type"] = problem.Type,
        ["title"] = problem.Title,
        ["status"] = problem.Status,
        ["detail"] = problem.Detail,
        ["code"] = problem.Code,
    };
}
