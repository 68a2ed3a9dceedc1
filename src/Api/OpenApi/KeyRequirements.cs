using Fovea.Api.Keys;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Fovea.Api.OpenApi;

/// <summary>
/// Declares which routes take an API key, so that Swagger UI sends the key that was entered under Authorize. Classifying needs a key only
/// if the settings say so, so the key is optional on those routes.
/// </summary>
internal sealed class KeyRequirements : IOperationFilter
{
    private const string Scheme = "key";

    /// <summary>Describes the key: <c>Authorization: Bearer KEY</c>.</summary>
    public static void Define(SwaggerGenOptions document) =>
        document.AddSecurityDefinition(Scheme, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "An API key of the service, from the setting `ApiKeys`.",
        });

    /// <inheritdoc/>
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        var metadata = context.ApiDescription.ActionDescriptor.EndpointMetadata;
        var needs = metadata.OfType<NeedsKey>().LastOrDefault();
        if (needs is null && !metadata.OfType<RefusesUnknownKey>().Any())
        {
            return;
        }

        var key = new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, context.Document)] = [] };
        operation.Security = needs is null or { Scope: KeyScope.Classify } ? [[], key] : [key];
    }
}
