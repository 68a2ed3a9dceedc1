using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>Reads class names from the text and JSON files that other software writes.</summary>
internal static class LabelFiles
{
    private const char ByteOrderMark = '\ufeff';

    // OfLists: the keys whose value is a list of class names. OfNames: the keys whose value is the name of one class, in a list of objects.
    private static readonly string[] OfLists = ["labels", "classes", "names", "class_names"], OfNames = ["name", "label", "className"];

    /// <summary>Reads one class name per line. A number before each name, such as "0 tench", is removed.</summary>
    public static IReadOnlyList<string> Lines(string text)
    {
        var all = text.TrimStart(ByteOrderMark).ReplaceLineEndings("\n").Split('\n');
        string[] lines = [.. all.Select(line => line.Trim()).Where(line => line.Length > 0)];

        // Some programs write the class number before the name: "0 tench" (PaddleClas, Teachable Machine) or "0: tench".
        return lines.Length > 1 && lines.Index().All(line => IsNumbered(line.Item, Number(line.Index)))
            ? [.. lines.Select((line, i) => line[(Number(i).Length + 1)..].Trim())]
            : lines;
    }

    /// <summary>Reads one class name per line, and removes a WordNet id before it: "n01440764 tench, Tinca tinca".</summary>
    public static IReadOnlyList<string> Synsets(string text) => [.. Lines(text).Select(line =>
        line.Split([' ', '\t'], 2) is [{ Length: 9 } id, var name] && id[0] == 'n' && id[1..].All(char.IsAsciiDigit) ? name.Trim() : line)];

    /// <summary>
    /// Reads class names from JSON: a list of names, a list of objects with names, an object that maps numbers to names or names to
    /// numbers, or an object with one of these under a key such as "labels"; <c>null</c> for other JSON. The numbers must be 0 to the
    /// number of classes less 1.
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

    /// <summary>Sorts names by their class numbers; <c>null</c> unless the numbers are 0 to the number of names less 1.</summary>
    public static IReadOnlyList<string>? Ordered(IReadOnlyList<(int Number, string Name)> names)
    {
        string[] ordered = [.. names.OrderBy(name => name.Number).Select(name => name.Name)];
        return names.Select(name => name.Number).Order().SequenceEqual(Enumerable.Range(0, names.Count)) ? ordered : null;
    }

    private static string? NameOf(JsonNode? entry) => entry switch
    {
        JsonObject map => OfNames.Select(key => map[key]).FirstOrDefault(name => name is JsonValue) is { } name ? NameOf(name) : null,
        JsonValue when entry.GetValueKind() == JsonValueKind.String => (string)entry!,

        // A pair of a WordNet id and a name, as in the class index file of Keras.
        JsonArray { Count: 2 } pair => NameOf(pair[1]),
        _ => null,
    };

    private static bool IsNumbered(string line, string number) =>
        line.StartsWith(number, StringComparison.Ordinal) && line.Length > number.Length
        && line[number.Length] is ' ' or '\t' or ':' or ',';

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
