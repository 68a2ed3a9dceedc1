using Fovea.Api.ModelRepository;
using Fovea.Models.Runtime;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api.Diagnostics;

/// <summary>The route that reports which device, libraries and settings are in use.</summary>
internal static class DiagnosticsEndpoints
{
    public static void MapDiagnostics(this IEndpointRouteBuilder app) => app.MapGet("/diagnostics", Diagnose).WithName("GetDiagnostics")
        .WithTags("Health")
        .WithSummary("Report what the service runs on")
        .WithDescription("Returns versions, the device with the reason for its choice and its missing libraries, threads and memory. For "
            + "each loaded model it returns the batch sizes with their measured times.");

    private static Ok<Diagnosis> Diagnose(ModelStore models, Device device) => TypedResults.Ok(Diagnosis.Of(models, device));
}
