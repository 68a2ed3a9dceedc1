using System.Text.Json.Nodes;
using Fovea.Api.Problems;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Fovea.Api.OpenApi;

/// <summary>
/// Lists the codes of problem documents, and makes the property detail the message of the exception in a generated client.
/// </summary>
internal sealed class ProblemCodes : ISchemaFilter
{
    private const string Name = "ProblemCode";

    /// <inheritdoc/>
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (context.Type != typeof(Problem) || schema.Properties is not { } properties)
        {
            return;
        }

        context.SchemaRepository.Schemas.TryAdd(Name, new OpenApiSchema
        {
            Type = JsonSchemaType.String,
            Description = "The stable name of a kind of problem.",
            Enum = [.. Problem.Codes.Select(code => (JsonNode)code)],
        });
        properties["code"] = new OpenApiSchemaReference(Name);

        // Kiota's clients use the property with this extension as the message of their exception.
        ((OpenApiSchema)properties["detail"]).Extensions = new Dictionary<string, IOpenApiExtension>
        {
            ["x-ms-primary-error-message"] = new JsonNodeExtension(true),
        };
    }
}
