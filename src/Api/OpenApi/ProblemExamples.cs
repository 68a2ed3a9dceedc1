using System.Globalization;
using System.Text.Json.Nodes;
using Fovea.Api.Problems;
using Fovea.Models.Errors;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Fovea.Api.OpenApi;

/// <summary>Describes when a route answers with each status, and adds an example of the answer.</summary>
internal sealed class ProblemExamples : IOperationFilter
{
    private static readonly Dictionary<int, (string When, Problem Example)> ByStatus = new (string When, Problem Example)[]
    {
        (
            "The request is malformed, its body is empty, or an argument is out of range.",
            Problem.Of(
                ServiceError.MalformedRequest,
                "top is 0; expected a whole number from 1 to 10.")),
        (
            "The route needs an API key.",
            Problem.Of(
                ServiceError.Unauthorized,
                "This route needs an API key, and the request has none; expected the header Authorization: Bearer KEY.")),
        (
            "The key does not have the scope that the route needs. Or no API key is configured and the request does not come from a "
                + "developer on the same machine.",
            Problem.Of(
                ServiceError.Forbidden,
                "This route changes data, and no API key is configured. Without a key only a developer on the same machine may use it, but "
                    + "this is not the Development environment. Configure a key, for example with the environment variable "
                    + "Fovea__ApiKeys__0=KEY, and send it as Authorization: Bearer KEY.")),
        (
            "The state of the resource does not allow this request.",
            Problem.Of(
                ServiceError.Conflict,
                "lenet5 has a version 1 already; expected a number that is free, since a version never changes.")),
        (
            "The server cannot write to its folder.",
            Problem.Of(
                ErrorCode.CannotWrite,
                "The model repository cannot be written to: Read-only file system. Nothing was changed; expected a folder that the service "
                    + "may write to, with enough room.")),
        (
            "There is no such model, version, architecture, data set or job.",
            Problem.Of(
                ServiceError.UnknownModel,
                "There is no model lenet; expected one of lenet5.")),
        (
            "An image or the request has more bytes than allowed; by default 20 MiB for an image and 100 MiB for a request.",
            Problem.Of(
                ServiceError.TooLarge,
                "The request's body has 31,457,280 bytes; expected at most 20,971,520.")),
        (
            "The request's Content-Type is not one that the route accepts.",
            Problem.Of(
                ServiceError.UnsupportedMediaType,
                "The request is declared as text/plain, which is not an image; expected image/png, image/jpeg ...")),
        (
            "The body is not an image, is damaged, or has too many pixels. For a form: this is so for every file.",
            Problem.Of(
                ErrorCode.DamagedImage,
                "The PNG image is truncated.")),
        (
            "The model is at capacity, or the caller sends more than allowed. `Retry-After` gives the seconds to wait.",
            Problem.Of(
                ServiceError.Overloaded,
                "lenet5 is at capacity (64 requests in flight). Retry in 1 s.")),
        (
            "The body arrives too slowly.",
            Problem.Of(
                ServiceError.TooSlow,
                "The request's body arrives too slowly: 900 of 20,000,000 bytes have arrived; expected a speed at which the whole body "
                    + "arrives within 120 s.")),
        (
            "The answer took longer than allowed.",
            Problem.Of(
                ServiceError.DeadlineExceeded,
                "The answer took longer than the 30 s allowed.")),
        (
            "An error in the service; the service's log has the cause.",
            Problem.Of(
                ServiceError.Internal,
                "An error in the service ended this request; the service's log has the cause.")),
        (
            "The service is starting or shutting down, or its database or disk cannot be reached (`Retry-After` gives the seconds to "
                + "wait); or the model could not be loaded.",
            Problem.Of(
                ServiceError.Unavailable,
                "The service is starting: lenet5 is not loaded yet.")),
    }.ToDictionary(row => row.Example.Status);

    /// <inheritdoc/>
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        foreach (var (status, response) in operation.Responses ?? [])
        {
            if (int.TryParse(status, CultureInfo.InvariantCulture, out int number) && ByStatus.TryGetValue(number, out var problem))
            {
                response.Description = problem.When;
                if (ForeignErrors.WriterFor($"/{context.ApiDescription.RelativePath}") is not null)
                {
                    // Routes of other services' APIs have other error documents, so this example does not fit them.
                    continue;
                }

                foreach (var (type, content) in response.Content!)
                {
                    ((OpenApiMediaType)content).Example = type == Problem.MediaType
                        ? Node(problem.Example)
                        : new JsonArray(Node(problem.Example));
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
