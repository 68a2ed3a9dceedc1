using System.Text.Json.Serialization;

namespace Fovea.Api.AuditTrail;

/// <summary>An entry of the audit trail: who changed what, or tried to. It is a line of a file, and an entry of an answer.</summary>
/// <param name="Id">The id; ids sort by time.</param>
/// <param name="CreatedAt">The time of the answer, as a Unix time in seconds.</param>
/// <param name="Key">
/// The name of the API key, never the key itself; the id of the job, where a job published its model; "no key configured" for a developer
/// on the same machine.
/// </param>
/// <param name="Method">The HTTP method, such as PUT.</param>
/// <param name="Path">The path of the route without its query, escaped, such as /models/lenet5/versions/2/publish.</param>
/// <param name="Status">The HTTP status of the answer; 400 to 499: nothing was changed; 500 and above: look whether it was.</param>
/// <param name="Address">The address of the caller; for a job, the name of the machine that ran it.</param>
/// <param name="Created">The path of what the request has made, such as a job; left out if it has made nothing new.</param>
internal sealed record AuditEntry(
    string Id,
    [property: JsonPropertyName("created_at")] long CreatedAt,
    string Key,
    string Method,
    string Path,
    int Status,
    string Address,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Created);
