using Fovea.Api.Keys;
using Fovea.Api.Requests;
using Fovea.Api.RouteDescriptions;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api.AuditTrail;

/// <summary>The route that lists who changed what.</summary>
internal static class AuditEndpoints
{
    public static void MapAuditTrail(this IEndpointRouteBuilder app) => app.MapGet("/audit", List).WithName("ListAuditEntries")
        .WithTags("Health")
        .WithSummary("List who changed what")
        .WithDescription(
            "Lists uploads, jobs, publications and deletions in pages, the newest first, with the names of their keys; also those that "
                + "failed, but not those that were refused for their key. A model that a job has published by itself is an entry with the "
                + "job's id as the key.")
        .NeedsKey().Refuses(400, 503);

    private static Ok<Page<AuditEntry>> List(string? after, string? limit, AuditLog audit) =>
        TypedResults.Ok(Page.Of(audit.Read(), entry => entry.Id, after, limit));
}
