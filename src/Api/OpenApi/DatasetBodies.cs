using System.Text.Json.Nodes;
using Fovea.Api.RouteDescriptions;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Fovea.Api.OpenApi;

/// <summary>Describes the bodies of the routes that receive archives.</summary>
internal sealed class DatasetBodies : IOperationFilter
{
    /// <inheritdoc/>
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        var metadata = context.ApiDescription.ActionDescriptor.EndpointMetadata;
        if (metadata.OfType<TakesArchive>().Any())
        {
            operation.RequestBody = Body("A zip file with one folder of images per class.", "application/zip", Binary());
        }
        else if (metadata.OfType<TakesForm>().Any())
        {
            operation.RequestBody = Body(
                "A form with a zip file of class folders and its purpose.",
                "multipart/form-data",
                new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Required = new HashSet<string> { "file", "purpose" },
                    Properties = new Dictionary<string, IOpenApiSchema>
                    {
                        ["file"] = Binary(),
                        ["purpose"] = new OpenApiSchema { Type = JsonSchemaType.String, Enum = [JsonValue.Create("fine-tune")] },
                    },
                });
        }
    }

    private static OpenApiRequestBody Body(string description, string mediaType, OpenApiSchema schema) => new()
    {
        Required = true,
        Description = description,
        Content = new Dictionary<string, IOpenApiMediaType> { [mediaType] = new OpenApiMediaType { Schema = schema } },
    };

    private static OpenApiSchema Binary() => new() { Type = JsonSchemaType.String, Format = "binary" };
}
