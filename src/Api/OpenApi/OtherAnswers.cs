using Fovea.Api.RouteDescriptions;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Fovea.Api.OpenApi;

/// <summary>
/// Adds the other media types of an answer after JSON, because client generators use the first media type that they know.
/// </summary>
internal sealed class OtherAnswers : IOperationFilter
{
    /// <inheritdoc/>
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        foreach (var other in context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<OtherAnswer>())
        {
            var answer = (OpenApiResponse)operation.Responses!["200"];
            answer.Content ??= new Dictionary<string, IOpenApiMediaType>();
            answer.Content[other.MediaType] = new OpenApiMediaType
            {
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = other.IsText ? null : "binary" },
            };
        }
    }
}
