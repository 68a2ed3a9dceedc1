using System.Text.Json;
using Fovea.Models.Errors;
using Fovea.Training.Reports;

namespace Fovea.Training.Comparisons;

/// <summary>
/// A run as its report describes it. Reports about images with one class and about images with several labels can both be read.
/// </summary>
/// <param name="File">The path of the report.</param>
/// <param name="Report">The report.</param>
internal sealed record ComparedRun(string File, JsonElement Report)
{
    private const string Extension = ".report.json";

    /// <summary>The model's name.</summary>
    public string Model => Text(Provenance, "model")
        ?? (Path.GetFileName(File) is var name && name.EndsWith(Extension, StringComparison.OrdinalIgnoreCase)
            ? name[..^Extension.Length]
            : name);

    /// <summary>The data set's name; null if it is not known.</summary>
    public string? Dataset => Part(Provenance, "training") is { } training ? Text(training, "dataset") : null;

    /// <summary>Everything that determines the result of the run, by name: the origin of the weights, settings and versions.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; } = SettingsOf(Report.GetProperty("provenance"));

    /// <summary>The epochs in order; empty if the run was not trained in epochs.</summary>
    public IReadOnlyList<JsonElement> Epochs => List(Report, "epochs");

    /// <summary>The penalties that cross-validation tried for a head; empty if it tried none.</summary>
    public IReadOnlyList<JsonElement> Penalties => List(Report, "penalties");

    /// <summary>The metrics of each class.</summary>
    public IReadOnlyList<JsonElement> Classes => List(Report.GetProperty("evaluation"), "classes");

    private JsonElement Provenance => Report.GetProperty("provenance");

    /// <summary>Reads a report.</summary>
    /// <param name="file">The path of a file that <see cref="TrainingReport"/> or <see cref="MultiLabelReport"/> was written to.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadArgument"/>: the file cannot be read or is no report.</exception>
    public static ComparedRun Read(string file)
    {
        try
        {
            using var json = JsonDocument.Parse(System.IO.File.ReadAllBytes(file));
            var root = json.RootElement;
            bool isReport = Part(root, "provenance") is { } provenance && Part(provenance, "settings") is not null
                && Part(root, "evaluation") is { } evaluation && Number(evaluation, "accuracy") is not null;
            return isReport ? new(file, root.Clone()) : throw NoReport($"{file} is JSON, but not a report", null);
        }
        catch (JsonException e)
        {
            throw NoReport($"{file} is not JSON", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NoReport($"{file} cannot be read: {FileFailure.Reason(e, file)}", e);
        }
    }

    /// <summary>Returns a number of the report; null if the report does not have it.</summary>
    /// <param name="path">The names of the objects that contain the number, outermost first, and then the number's own name.</param>
    public double? Figure(params ReadOnlySpan<string> path)
    {
        var at = Report;
        foreach (var name in path[..^1])
        {
            if (Part(at, name) is not { } inner)
            {
                return null;
            }

            at = inner;
        }

        return Number(at, path[^1]);
    }

    /// <summary>Returns a number of an object; null if the object does not have it.</summary>
    public static double? Number(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    /// <summary>Returns a text of an object; null if the object does not have it.</summary>
    public static string? Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static Dictionary<string, string> SettingsOf(JsonElement provenance)
    {
        var settings = new Dictionary<string, string>();
        Add("trained from", Text(provenance, "base"));
        if (Part(provenance, "training") is { } training)
        {
            Add("data set's name", Text(training, "dataset"));
            Add("training images", Number(training, "images")?.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        foreach (var part in (string[])["settings", "versions"])
        {
            foreach (var setting in Part(provenance, part) is { } listed ? listed.EnumerateObject().ToArray() : [])
            {
                Add(setting.Name, setting.Value.ToString());
            }
        }

        return settings;

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                settings.TryAdd(name, value.Length == 0 ? "none" : value);
            }
        }
    }

    private static JsonElement? Part(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object
            ? value
            : null;

    private static JsonElement[] List(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Where(entry => entry.ValueKind == JsonValueKind.Object)]
            : [];

    private static FoveaException NoReport(string problem, Exception? cause) => new(
        ErrorCode.BadArgument,
        $"{problem.TrimEnd('.')}; expected a file FILE{Extension}, which train and finetune write beside FILE.onnx.",
        cause);
}
