using System.Globalization;
using System.Text.Json;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Weights;
using Fovea.Training.Recipes;
using Fovea.Training.Steps;

namespace Fovea.Training.Runs;

/// <summary>
/// Saves and loads a training run as one safetensors file. It holds the parameters, the best epoch's parameters, the optimizer state and,
/// in the metadata, <see cref="TrainingState"/>.
/// </summary>
internal static class Checkpoint
{
    private const string StateKey = "fovea.state";

    /// <summary>Writes a checkpoint and replaces the previous one. If writing fails, the previous checkpoint stays intact.</summary>
    /// <param name="path">The checkpoint's path.</param>
    /// <param name="state">The progress of the run.</param>
    /// <param name="buffers">The buffers to save, by the names of their tensors. Those of a device are copied first.</param>
    /// <exception cref="FoveaException">The file cannot be written.</exception>
    public static void Save(string path, TrainingState state, IReadOnlyDictionary<string, FloatBuffer> buffers)
    {
        var json = JsonSerializer.Serialize(state, TrainingStateJson.Default.TrainingState);
        var copies = buffers.Where(b => !b.Value.IsInMainMemory).ToDictionary(b => b.Key, b => b.Value.ToMainMemory());
        try
        {
            SafetensorsFile.Write(
                path,
                new Dictionary<string, string> { [StateKey] = json },
                [.. buffers.Select(b => (b.Key, copies.GetValueOrDefault(b.Key, b.Value).Tensor(0, new Shape(b.Value.Length))))]);
        }
        finally
        {
            foreach (var copy in copies.Values)
            {
                ((IDisposable)copy).Dispose();
            }
        }
    }

    /// <summary>Reads a checkpoint.</summary>
    /// <param name="path">The checkpoint's path.</param>
    /// <param name="settings">The settings of the run that resumes.</param>
    /// <param name="buffers">The buffers to fill, by the names of their tensors.</param>
    /// <returns>The progress of the run; null if the file does not exist, in which case no buffer changes.</returns>
    /// <exception cref="FoveaException">The checkpoint is damaged, or was written by a run with other settings.</exception>
    public static TrainingState? Load(string path, RunSettings settings, IReadOnlyDictionary<string, FloatBuffer> buffers)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        using var file = SafetensorsFile.Open(path);
        var state = Parse(path, file.Metadata(StateKey));
        var saved = state.Settings.ByName();
        if (settings.ByName().FirstOrDefault(s => saved.GetValueOrDefault(s.Key) != s.Value) is { Key: { } setting, Value: { } value })
        {
            var before = saved.GetValueOrDefault(setting);
            throw new FoveaException(
                ErrorCode.BadArgument,
                $"{path} is the checkpoint of a run with {setting} {Shown(before)}, and this run has {Shown(value)}; "
                + "expected the same settings, or a run without --resume.");
        }

        foreach (var (name, buffer) in buffers)
        {
            if (buffer.IsInMainMemory)
            {
                file.Read(name, buffer.GetSpan());
                continue;
            }

            using var read = new FloatBuffer(buffer.Length);
            file.Read(name, read.GetSpan());
            read.CopyTo(buffer);
        }

        return state;

        static string Shown(string? value) => string.IsNullOrEmpty(value) ? "none" : value;
    }

    /// <summary>Reads from a checkpoint what the head of its network reads: see <see cref="TrainingOptions.ProbabilityFactor"/>.</summary>
    /// <param name="path">The path of an existing checkpoint.</param>
    /// <exception cref="FoveaException">The checkpoint is damaged.</exception>
    public static float? ProbabilityFactor(string path)
    {
        using var file = SafetensorsFile.Open(path);
        return Parse(path, file.Metadata(StateKey)).Settings.ProbabilityFactor switch
        {
            null => null,
            var text when float.TryParse(text, CultureInfo.InvariantCulture, out float factor) && factor > 0 => factor,
            var text => throw new FoveaException(
                ErrorCode.BadModelFile, $"{path} has the probability factor {text}; expected a number greater than 0."),
        };
    }

    private static TrainingState Parse(string path, string? json)
    {
        try
        {
            return JsonSerializer.Deserialize(json ?? "null", TrainingStateJson.Default.TrainingState) ?? throw new JsonException();
        }
        catch (JsonException e)
        {
            var content = json is null ? "has no" : "has an unreadable";
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"{path} {content} metadata entry {StateKey}; expected a checkpoint of fovea train or fovea finetune.",
                e);
        }
    }
}
