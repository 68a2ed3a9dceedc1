using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Fovea.Models;

/// <summary>The file that stands beside a model file which says too little about itself, as foreign files do.</summary>
public static class ModelJson
{
    /// <summary>Reads such a file; null where there is none.</summary>
    /// <exception cref="FoveaException">It cannot be read, or is not the JSON that was expected.</exception>
    public static ModelMetadata? Read(string path)
    {
        try
        {
            if (!File.Exists(path))
            {
                return null;
            }

            var json = File.ReadAllBytes(path);
            if (JsonText.WhyNot(json) is { } reason)
            {
                throw new JsonException($"{reason}.");
            }

            var file = JsonSerializer.Deserialize(json, ModelJsonFile.Default.Content) ?? new(null, null, null);
            return new()
            {
                Labels = Labels(file.Labels, path),
                Preprocessing = file.Preprocessing is { } given ? Preprocessing.FromJson(given) : null,
                Architecture = file.Architecture,
            };
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"{path} cannot be read: {e.Message}", e);
        }
        catch (FoveaException e)
        {
            throw new FoveaException(e.Code, $"{path}: {e.Message}", e);
        }
    }

    /// <summary>Writes such a file, which says how images become the input and nothing else.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>.</exception>
    public static void Write(string path, Preprocessing preprocessing) => AtomicFile.Write(path, stream =>
        JsonSerializer.Serialize(stream, new(null, JsonSerializer.SerializeToNode(preprocessing, MetadataJson.Default.Preprocessing)!.AsObject(), null), ModelJsonFile.Default.Content));

    private static ImmutableArray<string>? Labels(JsonElement? labels, string path) => labels switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Array } list => list.Deserialize(MetadataJson.Default.ImmutableArrayString),
        { ValueKind: JsonValueKind.String } name => Lines(name.GetString()!, path),
        { } other => throw new FoveaException(ErrorCode.BadModelFile, $"labels is {other}; expected a list of names, or the name of a file with one on each line."),
    };

    // A name with a folder in it could read what is none of the model's.
    private static ImmutableArray<string> Lines(string name, string path) => Path.GetFileName(name) == name && name is not ("" or "." or "..")
        ? [.. File.ReadAllLines(Path.Combine(Path.GetDirectoryName(path)!, name)).Where(line => line.Length > 0)]
        : throw new FoveaException(ErrorCode.BadModelFile, $"labels is {name}; expected the name of a file in the same folder.");

    internal sealed record Content(JsonElement? Labels, JsonObject? Preprocessing, string? Architecture);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true)]
[JsonSerializable(typeof(ModelJson.Content))]
internal sealed partial class ModelJsonFile : JsonSerializerContext;
