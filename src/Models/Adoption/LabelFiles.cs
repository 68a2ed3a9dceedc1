using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>Reads names of classes in the forms that other software writes.</summary>
internal static class LabelFiles
{
    private const char ByteOrderMark = '\ufeff';

    // The keys under which files nest a list of names, and those that name one entry of a list.
    private static readonly string[] OfLists = ["labels", "classes", "names", "class_names"], OfNames = ["name", "label", "className"];

    /// <summary>One name per line.</summary>
    public static IReadOnlyList<string> Lines(string text)
    {
        var all = text.TrimStart(ByteOrderMark).ReplaceLineEndings("\n").Split('\n');
        string[] lines = [.. all.Select(line => line.Trim()).Where(line => line.Length > 0)];

        // Some programs write the number of the class before its name: "0 tench" (PaddleClas, Teachable Machine), "0: tench".
        return lines.Length > 1 && lines.Index().All(line => IsNumbered(line.Item, Number(line.Index)))
            ? [.. lines.Select((line, i) => line[(Number(i).Length + 1)..].Trim())]
            : lines;
    }

    /// <summary>One line per class, the WordNet id before the name: "n01440764 tench, Tinca tinca".</summary>
    public static IReadOnlyList<string> Synsets(string text) => [.. Lines(text).Select(line =>
        line.Split([' ', '\t'], 2) is [{ Length: 9 } id, var name] && id[0] == 'n' && id[1..].All(char.IsAsciiDigit) ? name.Trim() : line)];

    /// <summary>
    /// A list of names or of objects with names, an object from number to name or from name to number, or an object with one of these as
    /// its labels; <c>null</c> for anything else. Numbers must be 0 to the count less 1.
    /// </summary>
    public static IReadOnlyList<string>? Of(JsonNode? json)
    {
        if (json is JsonArray list)
        {
            string[] names = [.. list.Select(NameOf).OfType<string>()];
            return names.Length > 0 && names.Length == list.Count ? names : null;
        }

        if (json is not JsonObject { Count: > 0 } map)
        {
            return null;
        }

        if (OfLists.Select(key => map[key]).FirstOrDefault(inner => inner is JsonArray or JsonObject) is { } nested)
        {
            return Of(nested);
        }

        var byNumber = map.Select(entry => int.TryParse(entry.Key, NumberStyles.None, CultureInfo.InvariantCulture, out int key)
            && NameOf(entry.Value) is { } name ? (key, name)
            : entry.Value?.GetValueKind() == JsonValueKind.Number ? ((int)entry.Value!, entry.Key)
            : (-1, "")).ToList();
        return Ordered(byNumber);
    }

    /// <summary>Names by their numbers; <c>null</c> if the numbers are not 0 to the count less 1.</summary>
    public static IReadOnlyList<string>? Ordered(IReadOnlyList<(int Number, string Name)> names)
    {
        string[] ordered = [.. names.OrderBy(name => name.Number).Select(name => name.Name)];
        return names.Select(name => name.Number).Order().SequenceEqual(Enumerable.Range(0, names.Count)) ? ordered : null;
    }

    private static string? NameOf(JsonNode? entry) => entry switch
    {
        JsonObject map => OfNames.Select(key => map[key]).FirstOrDefault(name => name is JsonValue) is { } name ? NameOf(name) : null,
        JsonValue when entry.GetValueKind() == JsonValueKind.String => (string)entry!,

        // An id of WordNet and the name, as in Keras's class index.
        JsonArray { Count: 2 } pair => NameOf(pair[1]),
        _ => null,
    };

    private static bool IsNumbered(string line, string number) =>
        line.StartsWith(number, StringComparison.Ordinal) && line.Length > number.Length
        && line[number.Length] is ' ' or '\t' or ':' or ',';

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
