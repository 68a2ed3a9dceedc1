using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Client;

/// <summary>Something that happened to a fine-tuning job.</summary>
/// <param name="Number">The number among the job's events, from 1, without gaps.</param>
/// <param name="CreatedAt">The time of the event, to the second.</param>
/// <param name="Level">info, warn or error.</param>
/// <param name="Message">The description of the event, as a sentence.</param>
/// <param name="Data">The figures of the message, such as step, train_loss and valid_accuracy; null: the message has no figures.</param>
public sealed record FineTuningEvent(
    [property: JsonPropertyName("id"), JsonNumberHandling(JsonNumberHandling.AllowReadingFromString)] long Number,
    [property: JsonPropertyName("created_at"), JsonConverter(typeof(UnixSeconds))] DateTimeOffset CreatedAt,
    string Level,
    string Message,
    JsonElement? Data);
