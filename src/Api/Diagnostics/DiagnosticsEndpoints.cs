using Fovea.Api.ModelRepository;
using Fovea.Api.Problems;
using Fovea.Models.Runtime;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api.Diagnostics;

/// <summary>The route that reports which device, libraries and settings are in use.</summary>
internal static class DiagnosticsEndpoints
{
    public static void MapDiagnostics(this IEndpointRouteBuilder app) => app.MapGet("/diagnostics", Diagnose).WithName("GetDiagnostics")
        .WithTags("Health")
        .WithSummary("Report the versions and the hardware in use")
        .WithDescription("Returns the versions of the libraries, the device with the reason for its choice and its missing libraries, the "
            + "numbers of threads, and the memory. For each loaded model it returns the batch sizes with their measured speed.");

    private static Ok<Diagnosis> Diagnose(ModelStore models, Device device, PrivatePaths paths) =>
        TypedResults.Ok(Diagnosis.Of(models, device, paths));
}
