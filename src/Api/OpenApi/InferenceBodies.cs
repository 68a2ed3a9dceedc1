using System.Text.Json.Nodes;
using Fovea.Api.RouteDescriptions;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Fovea.Api.OpenApi;

/// <summary>Describes requests to infer and their answers. The example works unchanged.</summary>
internal sealed class InferenceBodies : IOperationFilter
{
    /// <inheritdoc/>
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        if (!context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<TakesTensors>().Any())
        {
            return;
        }

        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Description = "A request of the Open Inference Protocol. Its tensors are in the JSON, or as bytes after it.",
            Content = new Dictionary<string, IOpenApiMediaType>
            {
                ["application/json"] = Json(Request()),
                ["application/octet-stream"] = new OpenApiMediaType
                {
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" },
                },
            },
        };
        operation.Responses!["200"] = new OpenApiResponse
        {
            Description = "The output tensors.",
            Content = new Dictionary<string, IOpenApiMediaType> { ["application/json"] = Json(Answer()) },
        };
    }

    private static OpenApiMediaType Json(JsonNode example) =>
        new() { Schema = new OpenApiSchema { Type = JsonSchemaType.Object }, Example = example };

    private static JsonObject Request() => new()
    {
        ["inputs"] = new JsonArray(new JsonObject
        {
            ["name"] = "input",
            ["shape"] = new JsonArray(1),
            ["datatype"] = "BYTES",
            ["data"] = new JsonArray(ImageBodies.Seven),
        }),
        ["outputs"] = new JsonArray(new JsonObject { ["name"] = "logits", ["parameters"] = new JsonObject { ["classification"] = 2 } }),
    };

    private static JsonObject Answer() => new()
    {
        ["model_name"] = "lenet5",
        ["model_version"] = "1",
        ["outputs"] = new JsonArray(new JsonObject
        {
            ["name"] = "logits",
            ["datatype"] = "BYTES",
            ["shape"] = new JsonArray(1, 2),
            ["data"] = new JsonArray("12.5:7:7", "4.1:9:9"),
        }),
    };
}
