using Fovea.Models;
using Microsoft.OpenApi;

namespace Fovea.Api;

/// <summary>The OpenAPI document and its page at /swagger.</summary>
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
                Description = "Classifies images with convolutional networks. Errors are problem documents (RFC 9457) whose `code` is stable and whose `detail` says what was expected.",
            });
            document.IncludeXmlComments(typeof(ApiDescription).Assembly);
            document.IncludeXmlComments(typeof(Catalog).Assembly);
            document.SupportNonNullableReferenceTypes();
            document.NonNullableReferenceTypesAsRequired();
            document.ParameterFilter<ParameterDescriptions>();
            document.OperationFilter<ImageBodies>();
            document.OperationFilter<ModelBodies>();
            document.OperationFilter<JobBodies>();
            document.OperationFilter<DatasetBodies>();
            document.OperationFilter<InferenceBodies>();
            document.OperationFilter<ProblemExamples>();
        });

    // Only what is no route of the service's is looked at.
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
        });
    });
}
