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
        var marks = context.ApiDescription.ActionDescriptor.EndpointMetadata;
        if (marks.OfType<TakesIndexRequest>().Any())
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Content = new Dictionary<string, IOpenApiMediaType>
                {
                    ["application/json"] = Json("IndexRequest", new JsonObject { ["ready"] = true }, context),
                },
            };
        }

        if (!marks.OfType<TakesTensors>().Any())
        {
            return;
        }

        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Description = "A request of the Open Inference Protocol. Its tensors are in the JSON, or as bytes after it.",
            Content = new Dictionary<string, IOpenApiMediaType>
            {
                ["application/json"] = Json("InferenceRequest", Request(), context),
                ["application/octet-stream"] = new OpenApiMediaType
                {
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" },
                },
            },
        };
        operation.Responses!["200"] = new OpenApiResponse
        {
            Description = "The output tensors. Those that the request asks for as bytes stand behind the JSON.",
            Content = new Dictionary<string, IOpenApiMediaType>
            {
                ["application/json"] = Json("InferenceAnswer", Answer(), context),
                ["application/octet-stream"] = new OpenApiMediaType
                {
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" },
                },
            },
        };
    }

    private static OpenApiMediaType Json(string schema, JsonNode example, OperationFilterContext context) =>
        new() { Schema = ComponentFile.Bodies.Get(schema, context), Example = example };

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
