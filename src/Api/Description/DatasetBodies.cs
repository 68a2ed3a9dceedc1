using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Fovea.Api;

/// <summary>Marks a route whose body is a zip file.</summary>
internal sealed class TakesArchive;

/// <summary>Describes the bodies of the routes that take archives.</summary>
internal sealed class DatasetBodies : IOperationFilter
{
    /// <inheritdoc/>
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        if (!context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<TakesArchive>().Any())
        {
            return;
        }

        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Description = "A zip file with a folder of images for each class.",
            Content = new Dictionary<string, IOpenApiMediaType>
            {
                ["application/zip"] = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } },
            },
        };
    }
}
