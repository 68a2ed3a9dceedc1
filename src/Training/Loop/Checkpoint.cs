using System.Text.Json;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>A run on disk: parameters, the best epoch's parameters, optimizer state and <see cref="TrainingState"/>, as one safetensors file.</summary>
internal static class Checkpoint
{
    private const string StateKey = "fovea.state";

    /// <summary>Writes a checkpoint in place of the one before, which stays if this fails.</summary>
    /// <exception cref="FoveaException">The file cannot be written.</exception>
    public static void Save(string path, TrainingState state, IReadOnlyDictionary<string, FloatBuffer> buffers)
    {
        var metadata = new Dictionary<string, string> { [StateKey] = JsonSerializer.Serialize(state, TrainingStateJson.Default.TrainingState) };
        SafetensorsFile.Write(path, metadata, [.. buffers.Select(b => (b.Key, b.Value.Tensor(0, new Shape(b.Value.Length))))]);
    }

    /// <summary>Fills the buffers and gives the state; null, and nothing filled, where there is no checkpoint.</summary>
    /// <exception cref="FoveaException">The checkpoint is damaged, or of a run that was told something else.</exception>
    public static TrainingState? Load(string path, SortedDictionary<string, string> settings, IReadOnlyDictionary<string, FloatBuffer> buffers)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        using var file = SafetensorsFile.Open(path);
        var state = Parse(path, file.Metadata(StateKey));
        if (settings.FirstOrDefault(s => state.Settings.GetValueOrDefault(s.Key) != s.Value) is { Key: { } changed })
        {
            throw new FoveaException(ErrorCode.BadArgument, $"{path} is of a run with {changed} {state.Settings.GetValueOrDefault(changed)}, and this one has {settings[changed]}; expected the same settings, or a run without --resume.");
        }

        foreach (var (name, buffer) in buffers)
        {
            file.Read(name, buffer.GetSpan());
        }

        return state;
    }

    private static TrainingState Parse(string path, string? json)
    {
        try
        {
            return JsonSerializer.Deserialize(json ?? "null", TrainingStateJson.Default.TrainingState) ?? throw new JsonException("it holds no state");
        }
        catch (JsonException e)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"{path} is not a checkpoint: {e.Message.TrimEnd('.')}.", e);
        }
    }
}
