using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Fovea.Api.FineTuning;
using Fovea.Api.Jobs;

namespace Fovea.Api.OpenAIProtocol;

/// <summary>A training step whose state was saved, in the form of OpenAI's API.</summary>
/// <param name="Object">Always fine_tuning.job.checkpoint.</param>
/// <param name="Id">The number of the step.</param>
/// <param name="CreatedAt">The time of the checkpoint, in seconds since 1970.</param>
/// <param name="Job">The id of the job.</param>
/// <param name="Model">
/// A name for the state at this step. Training can continue from the state, but no model with this name answers requests.
/// </param>
/// <param name="StepNumber">The number of steps done so far, over all epochs.</param>
/// <param name="Metrics">
/// The latest metrics at this step: losses in nats, accuracies 0 to 1. The accuracies are repeated under OpenAI's names for the accuracies
/// of tokens, because its clients read those names.
/// </param>
internal sealed record OpenAICheckpoint(
    string Object,
    string Id,
    [property: JsonPropertyName("created_at")] long CreatedAt,
    [property: JsonPropertyName("fine_tuning_job_id")] string Job,
    [property: JsonPropertyName("fine_tuned_model_checkpoint")] string Model,
    [property: JsonPropertyName("step_number")] long StepNumber,
    JsonNode Metrics)
{
    private static readonly (string Own, string Theirs)[] Accuracies =
    [
        ("train_accuracy", "train_mean_token_accuracy"),
        ("valid_accuracy", "valid_mean_token_accuracy"),
    ];

    /// <summary>Converts a checkpoint to this form.</summary>
    public static OpenAICheckpoint Of(JobCheckpoint checkpoint)
    {
        var own = JobCheckpointAnswer.Of(checkpoint);
        var metrics = own.Metrics!.AsObject();
        foreach (var (name, theirs) in Accuracies)
        {
            if (metrics[name] is { } accuracy)
            {
                metrics[theirs] = accuracy.DeepClone();
            }
        }

        var model = string.Create(CultureInfo.InvariantCulture, $"{own.Job}:ckpt-step-{own.StepNumber}");
        return new(own.Object, own.Id, own.CreatedAt, own.Job, model, own.StepNumber, metrics);
    }
}
