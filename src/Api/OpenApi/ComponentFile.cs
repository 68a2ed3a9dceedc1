using System.Text.Json;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Fovea.Api.OpenApi;

/// <summary>
/// Schemas that are not made from a type of the service. They are the components of an OpenAPI document in a file beside this class, which
/// the build embeds in the program as a resource.
/// </summary>
/// <param name="resource">The name of the resource.</param>
internal sealed class ComponentFile(string resource)
{
    /// <summary>The bodies of requests that the service reads by hand, and the answers that it writes by hand.</summary>
    public static ComponentFile Bodies { get; } = new("bodies.json");

    /// <summary>The reports of training runs, which the training program writes. A test makes the file from the program's types.</summary>
    public static ComponentFile Reports { get; } = new("report.json");

    /// <summary>Returns a reference to one of the schemas. All schemas of the file become part of the document.</summary>
    /// <param name="name">The name of the schema.</param>
    /// <param name="context">The operation that refers to it.</param>
    public OpenApiSchemaReference Get(string name, OperationFilterContext context)
    {
        foreach (var (id, schema) in Read())
        {
            context.SchemaRepository.Schemas.TryAdd(id, schema);
        }

        return new(name, context.Document);
    }

    // Each document gets schemas of its own, since writing one may change them.
    private IDictionary<string, IOpenApiSchema> Read()
    {
        using var reader = new StreamReader(typeof(ComponentFile).Assembly.GetManifestResourceStream(resource)!);
        var text = reader.ReadToEnd();
        var schemas = OpenApiDocument.Parse(text, OpenApiConstants.Json).Document!.Components!.Schemas!;
        using var json = JsonDocument.Parse(text);
        foreach (var written in json.RootElement.GetProperty("components").GetProperty("schemas").EnumerateObject())
        {
            KeepNullable(written.Value, (OpenApiSchema)schemas[written.Name]);
        }

        return schemas;
    }

    // The reader drops `nullable` from a schema without a type, such as a reference that may be null.
    private static void KeepNullable(JsonElement written, OpenApiSchema schema)
    {
        foreach (var (name, property) in schema.Properties ?? new Dictionary<string, IOpenApiSchema>())
        {
            var own = written.GetProperty("properties").GetProperty(name);
            if (property is OpenApiSchema described && own.TryGetProperty("nullable", out var nullable) && nullable.GetBoolean())
            {
                described.Type = (described.Type ?? 0) | JsonSchemaType.Null;
            }
        }
    }
}
