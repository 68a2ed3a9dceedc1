using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Fovea.Api.Jobs;

namespace Fovea.Api.FineTuning;

/// <summary>A training step whose state was saved.</summary>
/// <param name="Object">Always fine_tuning.job.checkpoint.</param>
/// <param name="Id">The number of the step.</param>
/// <param name="CreatedAt">The time of the checkpoint, in seconds since 1970.</param>
/// <param name="Job">The id of the job.</param>
/// <param name="StepNumber">The number of steps done so far, over all epochs.</param>
/// <param name="Metrics">The latest metrics at that step: losses in nats, accuracies 0 to 1.</param>
internal sealed record JobCheckpointAnswer(
    string Object,
    string Id,
    [property: JsonPropertyName("created_at")] long CreatedAt,
    [property: JsonPropertyName("fine_tuning_job_id")] string Job,
    [property: JsonPropertyName("step_number")] long StepNumber,
    JsonNode? Metrics)
{
    /// <summary>Returns the answer that describes a checkpoint.</summary>
    public static JobCheckpointAnswer Of(JobCheckpoint checkpoint) => new(
        "fine_tuning.job.checkpoint",
        $"{checkpoint.Step}",
        JobAnswer.Seconds(checkpoint.CreatedAt),
        checkpoint.JobId,
        checkpoint.Step,
        JsonNode.Parse(checkpoint.Metrics));
}
