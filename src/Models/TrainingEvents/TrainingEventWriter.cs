using System.Text.Json;

namespace Fovea.Models.TrainingEvents;

/// <summary>Writes training events as lines, one JSON object each. The first event states the version of the schema.</summary>
/// <param name="output">Receives the lines.</param>
public sealed class TrainingEventWriter(TextWriter output)
{
    /// <summary>The version of the event schema that this release writes and reads.</summary>
    public const int Version = 1;

    private bool hasWritten;

    /// <summary>Writes an event as one line of JSON.</summary>
    public void Write(TrainingEvent e)
    {
        var stated = hasWritten ? e : e with { Version = Version };
        hasWritten = true;
        output.WriteLine(JsonSerializer.Serialize(stated, TrainingEventJson.Default.TrainingEvent));
    }
}
