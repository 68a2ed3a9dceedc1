using System.Reflection;
using System.Text.Json.Nodes;
using Fovea.Models.Architectures;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Fovea.Api.OpenApi;

/// <summary>Serves the OpenAPI document, and Swagger UI at /swagger.</summary>
internal static class ApiDescription
{
    public static void AddApiDescription(this IServiceCollection services) => services
        .AddEndpointsApiExplorer()
        .AddSwaggerGen(document =>
        {
            document.SwaggerDoc("v1", new OpenApiInfo
            {
                Title = "Fovea",
                Version = "v1",
                Description = "Classifies images with convolutional networks. Errors are problem documents (RFC 9457): `code` is a "
                    + "stable name for programs, and `detail` says what was wrong and what was expected.",
            });
            AddSchemas(document, typeof(ApiDescription).Assembly, typeof(Catalog).Assembly);
            KeyRequirements.Define(document);
            document.ParameterFilter<ParameterDescriptions>();
            document.OperationFilter<KeyRequirements>();
            document.OperationFilter<ImageBodies>();
            document.OperationFilter<ModelBodies>();
            document.OperationFilter<JobBodies>();
            document.OperationFilter<DatasetBodies>();
            document.OperationFilter<InferenceBodies>();
            document.OperationFilter<OtherAnswers>();
            document.OperationFilter<PredictionBodies>();
            document.OperationFilter<ProblemExamples>();
            document.DocumentFilter<RouteOrder>();
        });

    /// <summary>Sets how types become schemas.</summary>
    /// <param name="document">The settings of the document.</param>
    /// <param name="documented">The assemblies whose documentation describes the schemas.</param>
    public static void AddSchemas(SwaggerGenOptions document, params IEnumerable<Assembly> documented)
    {
        foreach (var assembly in documented)
        {
            document.IncludeXmlComments(assembly);
        }

        document.SupportNonNullableReferenceTypes();
        document.NonNullableReferenceTypesAsRequired();

        // In the OpenAPI document, a plain reference to a schema can neither be nullable nor have a description.
        document.UseAllOfToExtendReferenceSchemas();
        document.MapType<JsonNode>(() => new OpenApiSchema());
        document.SchemaFilter<OptionalProperties>();
        document.SchemaFilter<ProblemCodes>();
        document.SchemaFilter<JobSchemas>();
    }

    // This middleware runs only for paths that match no route of the service.
    public static void UseApiDescription(this WebApplication service) => service.UseWhen(context => context.GetEndpoint() is null, app =>
    {
        app.UseSwagger();
        app.UseSwaggerUI(page =>
        {
            page.DocumentTitle = "Fovea";
            page.SwaggerEndpoint("v1/swagger.json", "Fovea v1");
            page.EnableDeepLinking();
            page.EnableTryItOutByDefault();
            page.DisplayRequestDuration();

            // This path is relative to /swagger/index.html.
            page.InjectJavascript("../page/swagger.js", "module");
        });
    });
}
