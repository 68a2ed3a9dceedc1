using Microsoft.OpenApi;

namespace Fovea.Api.OpenApi;

/// <summary>
/// Describes a value that has one of two forms as one object with the properties of both. `oneOf` would say the same more exactly, but
/// generators of clients make an empty class or the first form of it. What one form lacks may be null, so that a client in C# tells a
/// missing number from 0.
/// </summary>
internal static class EitherSchema
{
    /// <summary>Adds the schema under a name. A property is required if both forms require it.</summary>
    /// <param name="name">The name. Inner values that differ are added as the name with that of their property.</param>
    /// <param name="one">The name of the schema of the one form, an object.</param>
    /// <param name="other">The name of the schema of the other form, an object.</param>
    /// <param name="schemas">All schemas by their names; the new ones are added.</param>
    /// <param name="document">The document of the references.</param>
    public static OpenApiSchemaReference Add(
        string name, string one, string other, IDictionary<string, IOpenApiSchema> schemas, OpenApiDocument document)
    {
        var (first, second) = ((OpenApiSchema)schemas[one], (OpenApiSchema)schemas[other]);
        var either = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Description = $"{first.Description} Or: {second.Description}",
            AdditionalPropertiesAllowed = false,
            Properties = new Dictionary<string, IOpenApiSchema>(first.Properties!),
            Required = new HashSet<string>((first.Required ?? new HashSet<string>()).Intersect(second.Required ?? new HashSet<string>())),
        };
        foreach (var (property, schema) in second.Properties!)
        {
            if (!either.Properties.TryAdd(property, schema)
                && (IdOf(either.Properties[property]), IdOf(schema)) is ({ } own, { } its) && own != its)
            {
                var inner = Add($"{name}{char.ToUpperInvariant(property[0])}{property[1..]}", own, its, schemas, document);
                either.Properties[property] = schema.Type == JsonSchemaType.Array
                    ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = inner, Description = schema.Description }
                    : inner;
            }
        }

        foreach (var property in either.Properties.Keys.Except(either.Required).ToArray())
        {
            either.Properties[property] = Nullable(either.Properties[property]);
        }

        schemas[name] = either;
        return new(name, document);
    }

    private static OpenApiSchema Nullable(IOpenApiSchema schema)
    {
        if (schema is OpenApiSchemaReference)
        {
            return new() { Type = JsonSchemaType.Null, AllOf = [schema] };
        }

        var copy = (OpenApiSchema)schema.CreateShallowCopy();
        copy.Type = (copy.Type ?? 0) | JsonSchemaType.Null;
        return copy;
    }

    /// <summary>Returns the name of the schema that a property or its elements refer to; null for none.</summary>
    public static string? IdOf(IOpenApiSchema schema) => schema switch
    {
        OpenApiSchemaReference reference => reference.Reference.Id,
        { AllOf: [var only] } => IdOf(only),
        { Items: { } items } => IdOf(items),
        _ => null,
    };
}
