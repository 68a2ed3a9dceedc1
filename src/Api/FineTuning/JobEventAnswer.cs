using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Fovea.Api.Jobs;

namespace Fovea.Api.FineTuning;

/// <summary>An event of a job.</summary>
/// <param name="Object">Always fine_tuning.job.event.</param>
/// <param name="Id">The number among the job's events, from 1.</param>
/// <param name="CreatedAt">The time of the event, in seconds since 1970.</param>
/// <param name="Level">info, warn or error.</param>
/// <param name="Message">The description of the event, as a sentence.</param>
/// <param name="Type">metrics if the event has data, otherwise message.</param>
/// <param name="Data">The figures and names in the message; null: it has none.</param>
internal sealed record JobEventAnswer(
    string Object,
    string Id,
    [property: JsonPropertyName("created_at")] long CreatedAt,
    string Level,
    string Message,
    string Type,
    JsonNode? Data)
{
    /// <summary>Returns the answer that describes an event.</summary>
    public static JobEventAnswer Of(JobEvent e) => new(
        "fine_tuning.job.event",
        $"{e.Number}",
        JobAnswer.Seconds(e.CreatedAt),
        e.Level,
        e.Message,
        Type: e.Data is null ? "message" : "metrics",
        Data: e.Data is null ? null : JsonNode.Parse(e.Data));
}
