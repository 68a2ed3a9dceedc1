using System.Text.Json;
using Fovea.Api.FineTuning;
using Fovea.Api.Jobs;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Fovea.Api.OpenApi;

/// <summary>
/// Describes the properties of jobs, events and checkpoints that hold JSON, whose types therefore say nothing about the content.
/// </summary>
internal sealed class JobSchemas : ISchemaFilter
{
    /// <inheritdoc/>
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (schema is not OpenApiSchema { Properties: { } properties } described)
        {
            return;
        }

        if (context.Type == typeof(JobAnswer))
        {
            Replace(properties, "metadata", new OpenApiSchema
            {
                Type = JsonSchemaType.Object | JsonSchemaType.Null,
                AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.String },
            });
        }
        else if (context.Type == typeof(JobEventAnswer))
        {
            Replace(properties, "data", Metrics(context));
        }
        else if (context.Type == typeof(JobCheckpointAnswer))
        {
            Replace(properties, "metrics", Metrics(context));
        }
        else if (context.Type == typeof(JobHyperparameters))
        {
            Replace(properties, "n_epochs", NumberOrAuto(JsonSchemaType.Integer, "int32"));
            Replace(properties, "batch_size", NumberOrAuto(JsonSchemaType.Integer, "int32"));
            Replace(properties, "learning_rate", NumberOrAuto(JsonSchemaType.Number, "double"));
        }
        else if (context.Type == typeof(JobMetrics))
        {
            described.Properties = properties.ToDictionary(
                property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Key), property => property.Value);
        }
    }

    private static OpenApiSchema Metrics(SchemaFilterContext context) => new()
    {
        Type = JsonSchemaType.Null,
        AllOf = [context.SchemaGenerator.GenerateSchema(typeof(JobMetrics), context.SchemaRepository)],
    };

    // Text comes first, because NSwag uses only the first form. Its clients can read a number as text, but not a text as a number.
    private static OpenApiSchema NumberOrAuto(JsonSchemaType type, string format) => new()
    {
        OneOf = [new OpenApiSchema { Type = JsonSchemaType.String }, new OpenApiSchema { Type = type, Format = format }],
    };

    private static void Replace(IDictionary<string, IOpenApiSchema> properties, string name, OpenApiSchema schema)
    {
        schema.Description = properties[name].Description;
        properties[name] = schema;
    }
}
