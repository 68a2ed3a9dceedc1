using Microsoft.OpenApi;

namespace Fovea.Api.OpenApi;

/// <summary>
/// Describes a value that has one of two forms as one object with the properties of both. `oneOf` would be more exact, but client
/// generators turn it into an empty class, or into a class of the first form. A property that only one form has is nullable, so that a C#
/// client can tell a missing number from 0.
/// </summary>
internal static class EitherSchema
{
    /// <summary>Adds the schema under a name. A property is required if both forms require it.</summary>
    /// <param name="name">
    /// The name. If the forms have different objects under one property, a schema for both objects is added under this name followed by the
    /// property's name.
    /// </param>
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
