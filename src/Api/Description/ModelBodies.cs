using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Fovea.Api;

/// <summary>Marks a route whose body is a model file.</summary>
internal sealed class TakesModel;

/// <summary>Describes the bodies of the routes that take models.</summary>
internal sealed class ModelBodies : IOperationFilter
{
    /// <inheritdoc/>
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        if (!context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<TakesModel>().Any())
        {
            return;
        }

        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Description = "An .onnx file; or a form of it, a model.json and a .txt file of labels.",
            Content = new Dictionary<string, IOpenApiMediaType>
            {
                ["application/octet-stream"] = new OpenApiMediaType { Schema = Binary() },
                ["multipart/form-data"] = new OpenApiMediaType
                {
                    Schema = new OpenApiSchema
                    {
                        Type = JsonSchemaType.Object,
                        Required = new HashSet<string> { "model" },
                        Properties = new Dictionary<string, IOpenApiSchema> { ["model"] = Binary(), ["json"] = Binary(), ["labels"] = Binary() },
                    },
                },
            },
        };
    }

    private static OpenApiSchema Binary() => new() { Type = JsonSchemaType.String, Format = "binary" };
}
