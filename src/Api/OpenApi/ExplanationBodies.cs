using Fovea.Api.RouteDescriptions;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Fovea.Api.OpenApi;

/// <summary>Describes the body and the answers of the route that explains an image.</summary>
internal sealed class ExplanationBodies : IOperationFilter
{
    /// <inheritdoc/>
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        if (!context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<TakesImage>().Any())
        {
            return;
        }

        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Description = "The bytes of an image file, JSON with an image file in base64, or a form with one image file.",
            Content = ImageBodies.Bodies(),
        };
        var answer = (OpenApiResponse)operation.Responses!["200"];
        answer.Description = "The map as numbers, or with `Accept: image/png` the upright image in its own size with the map over it.";
        answer.Content!["image/png"] = new OpenApiMediaType
        {
            Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" },
        };
    }
}
