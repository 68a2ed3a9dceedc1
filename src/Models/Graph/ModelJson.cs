using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Fovea.Models;

/// <summary>
/// The file model.json beside a model file. It has the labels, the preprocessing and the architecture of a model whose file lacks them,
/// such as one that other software exported.
/// </summary>
public static class ModelJson
{
    /// <summary>Reads a model.json; <c>null</c> if there is no file at <paramref name="path"/>.</summary>
    /// <exception cref="FoveaException">The file cannot be read, is not valid JSON, or has an invalid value.</exception>
    public static ModelMetadata? Read(string path)
    {
        try
        {
            if (!File.Exists(path))
            {
                return null;
            }

            var bytes = File.ReadAllBytes(path);
            if (JsonText.WhyNot(bytes) is { } reason)
            {
                throw new FoveaException(ErrorCode.BadModelFile, $"{reason}.");
            }

            var file = JsonSerializer.Deserialize(bytes, ModelJsonFile.Default.Content) ?? new(null, null, null);
            return new()
            {
                Labels = Labels(file.Labels, path),
                Preprocessing = file.Preprocessing is { } json ? Preprocessing.FromJson(json) : null,
                Architecture = file.Architecture,
            };
        }
        catch (JsonException e)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"{path} is not valid at {JsonFailure.Place(e)}; expected a JSON object with labels, preprocessing and architecture.",
                e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"{path} cannot be read: {FileFailure.Reason(e, path)}.", e);
        }
        catch (FoveaException e)
        {
            throw new FoveaException(e.Code, $"{path}: {e.Message}", e);
        }
    }

    /// <summary>Writes a model.json that has the preprocessing and no other property.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>: the file cannot be written.</exception>
    public static void Write(string path, Preprocessing preprocessing)
    {
        var json = JsonSerializer.SerializeToNode(preprocessing, MetadataJson.Default.Preprocessing)!.AsObject();
        AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, new(null, json, null), ModelJsonFile.Default.Content));
    }

    private static ImmutableArray<string>? Labels(JsonElement? labels, string path) => labels switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Array } list => list.Deserialize(MetadataJson.Default.ImmutableArrayString),
        { ValueKind: JsonValueKind.String } name => Lines(name.GetString()!, path),
        { } other => throw new FoveaException(
            ErrorCode.BadModelFile, $"labels is {other}; expected a list of names, or the name of a text file with one name per line."),
    };

    // The labels file must lie in the model's folder: a path with folders could read any file of the machine.
    private static ImmutableArray<string> Lines(string name, string path)
    {
        if (Path.GetFileName(name) != name || name is "" or "." or "..")
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"labels is {name}; expected the name of a file in the same folder.");
        }

        var file = Path.Combine(Path.GetDirectoryName(path)!, name);
        try
        {
            return [.. File.ReadAllLines(file).Where(line => line.Length > 0)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile, $"labels is {name}, and that file cannot be read: {FileFailure.Reason(e, file)}.", e);
        }
    }

    internal sealed record Content(JsonElement? Labels, JsonObject? Preprocessing, string? Architecture);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true)]
[JsonSerializable(typeof(ModelJson.Content))]
internal sealed partial class ModelJsonFile : JsonSerializerContext;
