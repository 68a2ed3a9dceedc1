using System.Text.Json.Nodes;
using Fovea.Api.RouteDescriptions;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Fovea.Api.OpenApi;

/// <summary>Describes the bodies of the routes of Custom Vision's prediction API.</summary>
internal sealed class PredictionBodies : IOperationFilter
{
    /// <inheritdoc/>
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        if (context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<TakesPredictionImage>().LastOrDefault() is not { } takes)
        {
            return;
        }

        operation.RequestBody = takes.ByAddress
            ? new OpenApiRequestBody
            {
                Required = true,
                Description = "The address of an image, on a host that the setting `CustomVision:UrlHosts` names.",
                Content = new Dictionary<string, IOpenApiMediaType>
                {
                    ["application/json"] = new OpenApiMediaType
                    {
                        Schema = ComponentFile.Bodies.Get("ImageAddress", context),
                        Example = new JsonObject { ["url"] = "https://images.example.org/1.jpg" },
                    },
                },
            }
            : new OpenApiRequestBody
            {
                Required = true,
                Description = "The bytes of an image file, or a form with an image file.",
                Content = new Dictionary<string, IOpenApiMediaType>
                {
                    ["application/octet-stream"] = new OpenApiMediaType { Schema = Binary() },
                    ["multipart/form-data"] = new OpenApiMediaType { Schema = Object("imageData", Binary()) },
                },
            };
    }

    private static OpenApiSchema Object(string name, OpenApiSchema field) => new()
    {
        Type = JsonSchemaType.Object,
        Required = new HashSet<string> { name },
        Properties = new Dictionary<string, IOpenApiSchema> { [name] = field },
    };

    private static OpenApiSchema Binary() => new() { Type = JsonSchemaType.String, Format = "binary" };
}
