using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;

namespace Fovea.Models.TrainingEvents;

/// <summary>
/// Reads the events that one training program prints, one JSON line each. The first event must have the version
/// <see cref="TrainingEventWriter.Version"/>. Unknown kinds of events and unknown properties are skipped.
/// </summary>
public sealed class TrainingEventReader
{
    private static readonly FrozenSet<string?> Kinds = TrainingEventJson.Default.TrainingEvent.PolymorphismOptions!.DerivedTypes
        .Select(type => type.TypeDiscriminator as string).ToFrozenSet();

    private bool isVersionKnown;

    /// <summary>Reads a line.</summary>
    /// <returns>The event; <c>null</c> for a line that does not begin with a brace, and for an event of an unknown kind.</returns>
    /// <exception cref="InvalidDataException">
    /// The first event has another version or none, or the line is a damaged event. The service shows the message to users.
    /// </exception>
    public TrainingEvent? Read(string line)
    {
        if (!line.StartsWith('{'))
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(line);
            if (!isVersionKnown)
            {
                RequireVersion(json.RootElement);
                isVersionKnown = true;
            }

            var kind = json.RootElement.TryGetProperty("event", out var name) ? name.GetString() : null;
            return Kinds.Contains(kind) ? json.RootElement.Deserialize(TrainingEventJson.Default.TrainingEvent) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException("The training program has printed a damaged event.", e);
        }
    }

    private static void RequireVersion(JsonElement first)
    {
        int? version = first.TryGetProperty("version", out var value) && value.TryGetInt32(out int number) ? number : null;
        if (version != TrainingEventWriter.Version)
        {
            var stated = version is { } other ? string.Create(CultureInfo.InvariantCulture, $"events of version {other}")
                : "events without a version";
            throw new InvalidDataException(
                $"The training program writes {stated}, but this service reads version {TrainingEventWriter.Version}. "
                    + "Install the service and the training program from the same release.");
        }
    }
}
