using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Fovea.Api.OpenApi;

/// <summary>
/// Removes the properties that answers may leave out from the list of required properties, because strict clients refuse an answer that
/// lacks a required property.
/// </summary>
internal sealed class OptionalProperties : ISchemaFilter
{
    /// <inheritdoc/>
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        foreach (var property in schema.Required is { Count: > 0 } ? context.Type.GetProperties() : [])
        {
            if (property.GetCustomAttribute<JsonIgnoreAttribute>() is { Condition: not JsonIgnoreCondition.Never })
            {
                var name = property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name;
                schema.Required!.Remove(name ?? JsonNamingPolicy.CamelCase.ConvertName(property.Name));
            }
        }
    }
}
