using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Fovea.Api;

/// <summary>Marks a route whose body asks for a fine-tuning job.</summary>
internal sealed class TakesJob;

/// <summary>Describes requests for fine-tuning jobs.</summary>
internal sealed class JobBodies : IOperationFilter
{
    /// <inheritdoc/>
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        if (!context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<TakesJob>().Any())
        {
            return;
        }

        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Description = "The model to begin with and the data set, as POST /datasets answered its id. Everything else may be left out. `method`: head (a new last layer), full (everything learns) or auto; `publish`: auto or manual; "
                + "each of the hyperparameters is a number, or auto.",
            Content = new Dictionary<string, IOpenApiMediaType>
            {
                ["application/json"] = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.Object }, Example = Example() },
            },
        };
    }

    private static JsonObject Example() => new()
    {
        ["model"] = "lenet5",
        ["dataset"] = "ds_0123456789abcdef",
        ["suffix"] = "mine",
        ["method"] = "auto",
        ["hyperparameters"] = new JsonObject { ["n_epochs"] = "auto", ["batch_size"] = "auto", ["learning_rate"] = "auto" },
        ["seed"] = 1,
        ["publish"] = "auto",
    };
}
