using System.Text;
using System.Text.Json;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Annotations;

/// <summary>The labels that one line of a label list gives to an image.</summary>
/// <param name="Line">The number of the line, from 1.</param>
/// <param name="File">The path of the image, relative to the folder of the list.</param>
/// <param name="Labels">The labels of the image: any number of different names.</param>
internal sealed record LabelRow(int Line, string File, IReadOnlyList<string> Labels)
{
    private static readonly string[] Headings = ["file", "filename", "file_name", "image", "path", "label", "labels", "class", "tags"];

    /// <summary>Reads <c>file,label;label</c> from each line, with quotes as in RFC 4180 and an optional line of headings.</summary>
    /// <param name="name">The list's name, for messages.</param>
    /// <param name="text">The list's content.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadDataset"/>: a line does not have this form.</exception>
    public static IEnumerable<LabelRow> OfCsv(string name, string text)
    {
        foreach (var (line, content) in Lines(text))
        {
            var fields = Fields(content);
            if (fields is not [var file, var labels])
            {
                throw Bad(name, line, content, "file,label;label");
            }

            if (line > 1 || !(Headings.Contains(file.ToLowerInvariant()) || Headings.Contains(labels.ToLowerInvariant())))
            {
                yield return new(line, file, Distinct(labels.Split(';')));
            }
        }
    }

    /// <summary>Reads a JSON object <c>{"file": "...", "labels": ["..."]}</c> from each line.</summary>
    /// <param name="name">The list's name, for messages.</param>
    /// <param name="text">The list's content.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadDataset"/>: a line does not have this form.</exception>
    public static IEnumerable<LabelRow> OfJsonLines(string name, string text)
    {
        foreach (var (line, content) in Lines(text))
        {
            yield return OfJson(line, content) ?? throw Bad(name, line, content, """{"file": "...", "labels": ["..."]}""");
        }
    }

    /// <summary>
    /// Reads a table: a line of headings, <c>filename,ant,bee</c>, and then a line for each image, with 1 for each class that the image
    /// shows and 0 for the others.
    /// </summary>
    /// <param name="name">The list's name, for messages.</param>
    /// <param name="text">The list's content.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadDataset"/>: a line does not have this form.</exception>
    public static IEnumerable<LabelRow> OfColumns(string name, string text)
    {
        List<string>? classes = null;
        foreach (var (line, content) in Lines(text))
        {
            var fields = Fields(content);
            if (classes is null)
            {
                classes = fields.Count > 1 ? fields : throw Bad(name, line, content, "the headings filename,class,class");
                continue;
            }

            yield return fields.Count == classes.Count && fields.Skip(1).All(field => field is "0" or "1")
                ? new(line, fields[0], Distinct(classes.Skip(1).Where((_, i) => fields[i + 1] == "1")))
                : throw Bad(name, line, content, $"a file name and {classes.Count - 1} fields of 0 or 1, as the headings say");
        }
    }

    private static LabelRow? OfJson(int line, string content)
    {
        try
        {
            using var json = JsonDocument.Parse(content);
            return json.RootElement is { ValueKind: JsonValueKind.Object } row
                && row.TryGetProperty("file", out var file) && file.ValueKind == JsonValueKind.String
                && row.TryGetProperty("labels", out var labels) && labels.ValueKind == JsonValueKind.Array
                && labels.EnumerateArray().All(label => label.ValueKind is JsonValueKind.String or JsonValueKind.Number)
                    ? new(line, file.GetString()!, Distinct(labels.EnumerateArray().Select(label => label.ToString())))
                    : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static IEnumerable<(int Line, string Content)> Lines(string text) => text.TrimStart('\uFEFF')
        .Split('\n').Select((content, i) => (Line: i + 1, Content: content.Trim())).Where(line => line.Content.Length > 0);

    private static string[] Distinct(IEnumerable<string> labels) =>
        [.. labels.Select(label => label.Trim()).Where(label => label.Length > 0).Distinct(StringComparer.Ordinal)];

    // Splits a line at commas outside quotes. Two quotes inside a quoted field mean one quote.
    private static List<string> Fields(string line)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        bool quoted = false;
        for (int i = 0; i < line.Length; i++)
        {
            if (line[i] == '"' && quoted && i + 1 < line.Length && line[i + 1] == '"')
            {
                field.Append(line[++i]);
            }
            else if (line[i] == '"' && (quoted || field.ToString().Trim().Length == 0))
            {
                quoted = !quoted;
            }
            else if (line[i] == ',' && !quoted)
            {
                fields.Add(field.ToString().Trim());
                field.Clear();
            }
            else
            {
                field.Append(line[i]);
            }
        }

        fields.Add(field.ToString().Trim());
        return fields;
    }

    private static FoveaException Bad(string name, int line, string content, string expected) => new(
        ErrorCode.BadDataset,
        $"Line {line} of {name} is {(content.Length > 100 ? $"{content[..100]}..." : content)}; expected {expected}.");
}
