using Fovea.Models;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api;

/// <summary>The route that tells what hardware is really in use.</summary>
internal static class DiagnosticsEndpoints
{
    public static void MapDiagnostics(this IEndpointRouteBuilder app) => app.MapGet("/diagnostics", Diagnose)
        .WithTags("Health")
        .WithSummary("What the service really runs on, and why")
        .WithDescription("Versions, the device and what it lacks, threads, memory; and for each loaded model its batch sizes and how fast they were measured to be.");

    private static Ok<Diagnosis> Diagnose(ModelStore models, Device device) => TypedResults.Ok(Diagnosis.Of(models, device));
}
