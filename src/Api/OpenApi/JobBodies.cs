using System.Text.Json.Nodes;
using Fovea.Api.RouteDescriptions;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Fovea.Api.OpenApi;

/// <summary>Describes requests for fine-tuning jobs, and their reports.</summary>
internal sealed class JobBodies : IOperationFilter
{
    /// <inheritdoc/>
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        var marks = context.ApiDescription.ActionDescriptor.EndpointMetadata;
        if (marks.OfType<AnswersReport>().Any())
        {
            ((OpenApiResponse)operation.Responses!["200"]).Content = new Dictionary<string, IOpenApiMediaType>
            {
                ["application/json"] = new OpenApiMediaType { Schema = ComponentFile.Reports.Get("Report", context) },
            };
        }

        if (!marks.OfType<TakesJob>().Any())
        {
            return;
        }

        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Description = "The id of the data set that POST /datasets returned. Everything else is optional. `model` is the model to start "
                + "from; without it, the built-in base of GET /pretrained. `method` is head (train a new last layer), full (train all "
                + "layers) or auto. `publish` is auto or manual. Each hyperparameter is a number or auto.",
            Content = new Dictionary<string, IOpenApiMediaType>
            {
                ["application/json"] = new OpenApiMediaType
                {
                    Schema = ComponentFile.Bodies.Get("JobRequest", context),
                    Example = Example(),
                },
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
