using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;

namespace Fovea.Models.Metadata;

/// <summary>
/// Reads and writes the file model.json beside a model file. It gives the labels, preprocessing, activation and architecture that the model
/// file itself lacks, for example because other software exported it.
/// </summary>
public static class ModelJson
{
    private const string FixedName = "model.json";

    /// <summary>
    /// Reads a model.json; <c>null</c> if there is no file at <paramref name="path"/>. The case of the letters of the name model.json has
    /// no effect; in another name, such as that of cat.json beside cat.onnx, only the case of the ending has none.
    /// </summary>
    /// <exception cref="FoveaException">The file cannot be read, is not valid JSON, or has an invalid value.</exception>
    public static ModelMetadata? Read(string path)
    {
        try
        {
            path = Path.GetFileName(path).Equals(FixedName, StringComparison.OrdinalIgnoreCase)
                ? AnyCase.Find(path)
                : AnyCase.FindEnding(path);
            if (!File.Exists(path))
            {
                return null;
            }

            var bytes = File.ReadAllBytes(path);
            if (JsonText.WhyNot(bytes) is { } reason)
            {
                throw new FoveaException(ErrorCode.BadModelFile, $"{reason}.");
            }

            var file = JsonSerializer.Deserialize(bytes, ModelJsonFile.Default.Content) ?? new(null, null, null, null, null);
            RefuseMisspelt(file.Others?.Keys.ToArray() ?? []);
            return new()
            {
                Labels = Labels(file.Labels ?? file.Id2label, path),
                Preprocessing = file.Preprocessing is { } json ? Preprocessing.FromJson(json) : null,
                Architecture = file.Architecture,
                LabelsSource = Path.GetFileName(path),
                GivesRange = file.Preprocessing is null || ModelMetadata.NamesRange(file.Preprocessing),
                Activation = file.Activation is { } activation ? ActivationNames.Parse(activation) : null,
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
        AtomicFile.Write(
            path, stream => JsonSerializer.Serialize(stream, new(null, json, null, null, null), ModelJsonFile.Default.Content));
    }

    private static ImmutableArray<string>? Labels(JsonElement? labels, string path) => labels switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Array } list when list.EnumerateArray().Any(label => label.ValueKind != JsonValueKind.String) =>
            [.. list.EnumerateArray().Select(NameOf)],
        { ValueKind: JsonValueKind.Array } list => list.Deserialize(MetadataJson.Default.ImmutableArrayString),
        { ValueKind: JsonValueKind.String } name => Lines(name.GetString()!, path),
        { ValueKind: JsonValueKind.Object } numbered => Numbered(numbered),
        { } other => throw new FoveaException(
            ErrorCode.BadModelFile, $"labels is {other}; expected a list of names, or the name of a text file with one name per line."),
    };

    // A number is a name too, such as 0 in [0, 1, 2].
    private static string NameOf(JsonElement label) => label.ValueKind is JsonValueKind.Number or JsonValueKind.String
        ? label.ToString()
        : throw new FoveaException(ErrorCode.BadModelFile, $"a label is {label.GetRawText()}; expected a name.");

    // Refuses names that are similar to a known name, and names of preprocessing properties outside the object preprocessing: both are
    // mistakes. Other unknown names may belong to other programs.
    private static void RefuseMisspelt(IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            if (PreprocessingJson.Names.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                throw new FoveaException(
                    ErrorCode.BadModelFile, $"{name} is outside the object preprocessing; expected it inside this object.");
            }

            if (NearestName.Of(name.ToLowerInvariant(), ["labels", "id2label", "preprocessing", "architecture", "activation"]) is { } near)
            {
                throw new FoveaException(
                    ErrorCode.BadModelFile,
                    $"The name {name} is unknown (did you mean {near}?); expected labels, id2label, preprocessing, architecture and "
                        + "activation.");
            }
        }
    }

    // Reads labels by class number, as in the config.json of Hugging Face: {"0": "ant", "1": "bee"}.
    private static ImmutableArray<string> Numbered(JsonElement labels)
    {
        var names = new List<(int Number, string Name)>();
        foreach (var label in labels.EnumerateObject())
        {
            int number = int.TryParse(label.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int key) ? key
                : throw new FoveaException(
                    ErrorCode.BadModelFile, $"The number of a label is {label.Name}; expected a whole number from 0.");
            names.Add((number, label.Value.ValueKind == JsonValueKind.String ? label.Value.GetString()! : throw new FoveaException(
                ErrorCode.BadModelFile, $"The label {label.Name} is {label.Value}; expected a name.")));
        }

        if (LabelFiles.Ordered(names) is { } ordered)
        {
            return [.. ordered];
        }

        int repeated = names.CountBy(name => name.Number).MaxBy(number => number.Value).Key;
        throw new FoveaException(
            ErrorCode.BadModelFile,
            $"In the labels, {LabelFiles.Gap(names) ?? $"the number {repeated} is given twice; expected it once"}.");
    }

    // Reads labels from a text file. The file must lie in the model's folder: a path with folders could read any file of the machine.
    private static ImmutableArray<string> Lines(string name, string path)
    {
        if (Path.GetFileName(name) != name || name is "" or "." or "..")
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"labels is {name}; expected the name of a file in the same folder.");
        }

        var file = Path.Combine(Path.GetDirectoryName(path)!, name);
        try
        {
            return [.. LabelFiles.Lines(LabelFiles.Decode(File.ReadAllBytes(AnyCase.Find(file))))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile, $"labels is {name}, and that file cannot be read: {FileFailure.Reason(e, file)}.", e);
        }
    }

    internal sealed record Content(
        JsonElement? Labels, JsonObject? Preprocessing, string? Architecture, JsonElement? Id2label, string? Activation)
    {
        [JsonExtensionData]
        public Dictionary<string, JsonElement>? Others { get; set; }
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true)]
[JsonSerializable(typeof(ModelJson.Content))]
internal sealed partial class ModelJsonFile : JsonSerializerContext;
