using Fovea.Models.Architectures;
using Microsoft.OpenApi;

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
            document.IncludeXmlComments(typeof(ApiDescription).Assembly);
            document.IncludeXmlComments(typeof(Catalog).Assembly);
            document.SupportNonNullableReferenceTypes();
            document.NonNullableReferenceTypesAsRequired();
            KeyRequirements.Define(document);
            document.ParameterFilter<ParameterDescriptions>();
            document.OperationFilter<KeyRequirements>();
            document.OperationFilter<ImageBodies>();
            document.OperationFilter<ExplanationBodies>();
            document.OperationFilter<ModelBodies>();
            document.OperationFilter<JobBodies>();
            document.OperationFilter<DatasetBodies>();
            document.OperationFilter<InferenceBodies>();
            document.OperationFilter<ProblemExamples>();
            document.DocumentFilter<RouteOrder>();
        });

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

            // Relative to /swagger/index.html.
            page.InjectJavascript("../page/swagger.js", "module");
        });
    });
}
