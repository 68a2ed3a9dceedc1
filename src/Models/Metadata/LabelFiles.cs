using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fovea.Models.Metadata;

/// <summary>Reads class names from the text and JSON files that other software writes.</summary>
internal static class LabelFiles
{
    private const char ByteOrderMark = '\ufeff';

    // The characters 0x80 to 0x9f of Windows' code page 1252. Its others are those of Latin-1.
    private const string Windows1252 =
        "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f"
        + "\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178";

    // OfLists: the keys whose value is a list of class names. OfNames: the keys whose value is the name of one class, in a list of objects.
    private static readonly string[] OfLists = ["labels", "classes", "names", "class_names", "id2label"],
        OfNames = ["name", "label", "className"];

    /// <summary>
    /// Reads one class name per line, JSON, or a list or dictionary of Python. Numbers before or behind all names, such as "0 tench" or
    /// "tench,0", are the classes' numbers: they give the order and are removed. Quotes around all names are removed, and so are comments,
    /// which begin with "# ".
    /// </summary>
    public static IReadOnlyList<string> Lines(string text)
    {
        var content = text.TrimStart(ByteOrderMark).Trim();
        if ((OfJson(content) ?? (content is ['[' or '{', ..] ? PythonText.Names(content) : null)) is { Count: > 0 } names)
        {
            return names;
        }

        var lines = Written(content);
        return NumberedLines.Names(lines) ?? (lines.All(IsQuoted) ? [.. lines.Select(line => line[1..^1])] : lines);
    }

    /// <summary>A clause about the first class number without a name in a text file; <c>null</c> if none is missing.</summary>
    public static string? GapInLines(string text)
    {
        var content = text.TrimStart(ByteOrderMark).Trim();
        return content is ['[' or '{', ..] ? GapInJson(content) ?? PythonText.Gap(content) : NumberedLines.Gap(Written(content));
    }

    // The lines that have text and are no comments.
    private static string[] Written(string content) =>
    [
        .. content.ReplaceLineEndings("\n").Split('\n').Select(line => line.Trim())
            .Where(line => line.Length > 0 && !line.StartsWith("# ", StringComparison.Ordinal)),
    ];

    /// <summary>Decodes a text file: UTF-8, UTF-16 with its mark, or Windows' Western European code if it is not valid UTF-8.</summary>
    public static string Decode(byte[] file)
    {
        // StreamReader replaces invalid bytes after a mark of UTF-8 without an exception, so the mark is left out.
        byte[] content = file.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? file[Encoding.UTF8.Preamble.Length..] : file;
        using var reader = new StreamReader(new MemoryStream(content), new UTF8Encoding(false, throwOnInvalidBytes: true));
        try
        {
            return reader.ReadToEnd();
        }
        catch (DecoderFallbackException)
        {
            return string.Create(content.Length, content, (text, bytes) =>
            {
                for (int i = 0; i < text.Length; i++)
                {
                    text[i] = bytes[i] is >= 0x80 and < 0xa0 ? Windows1252[bytes[i] - 0x80] : (char)bytes[i];
                }
            });
        }
    }

    /// <summary>The names in a list or an object of JSON; <c>null</c> for other text, and for JSON that has no names.</summary>
    public static IReadOnlyList<string>? OfJson(string text) => OfJson(text, Of);

    /// <summary>The clause of <see cref="Gap(JsonNode)"/> for JSON in a text; <c>null</c> for other text.</summary>
    public static string? GapInJson(string text) => OfJson(text, Gap);

    private static T? OfJson<T>(string text, Func<JsonNode?, T?> read)
        where T : class
    {
        try
        {
            return text.TrimStart() is ['[' or '{', ..] ? read(Parsed(text)) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a name has half of a surrogate pair.
            return null;
        }
    }

    /// <summary>Parses JSON, in which a comma may stand behind the last element.</summary>
    /// <exception cref="JsonException">The text is not JSON, or an object has a key twice.</exception>
    public static JsonNode? Parsed(string text) =>
        JsonNode.Parse(text, documentOptions: new()
        {
            AllowTrailingCommas = true,
            CommentHandling = JsonCommentHandling.Skip,
            AllowDuplicateProperties = false,
        });

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
            return names.Length == 0 || names.Length != list.Count ? null
                : list.All(entry => NumberOf(entry) is not null)
                    ? Ordered([.. list.Select((entry, i) => (NumberOf(entry)!.Value, names[i]))])
                : names;
        }

        if (json is not JsonObject { Count: > 0 } map)
        {
            return null;
        }

        if (OfLists.Select(key => map[key]).FirstOrDefault(inner => inner is JsonArray or JsonObject) is { } nested)
        {
            return Of(nested);
        }

        return Ordered(ByNumber(map));
    }

    /// <summary>
    /// A clause about the first class number without a name, if an object maps numbers to names, or names to numbers, and leaves out a
    /// number; <c>null</c> for other JSON. Numbers without a 0, as in {"version": 1}, may be something else than class numbers.
    /// </summary>
    public static string? Gap(JsonNode? json) => json is not JsonObject map ? null
        : OfLists.Select(key => map[key]).FirstOrDefault(inner => inner is JsonArray or JsonObject) is { } nested ? Gap(nested)
        : ByNumber(map) is { Count: > 1 } names && names.Exists(name => name.Number == 0) ? Gap(names)
        : null;

    /// <summary>A clause about the first number without a name; <c>null</c> if the numbers are 0 to the number of names less 1.</summary>
    public static string? Gap(IReadOnlyList<(int Number, string Name)> names)
    {
        int[] numbers = [.. names.Select(name => name.Number).Order()];
        int missing = numbers.Index().TakeWhile(number => number.Index == number.Item).Count();
        return numbers is [] or [< 0, ..] || missing == numbers.Length || numbers.Distinct().Count() != numbers.Length
            ? null
            : $"there is no name for the number {missing}; expected the numbers 0 to {numbers[^1]}, each with a name";
    }

    // The names of an object with their numbers, which are the keys or the values; the number -1 for an entry without a number.
    private static List<(int Number, string Name)> ByNumber(JsonObject map) =>
    [
        .. map.Select(entry => int.TryParse(entry.Key, NumberStyles.None, CultureInfo.InvariantCulture, out int key)
            && NameOf(entry.Value) is { } name ? (key, name)
            : entry.Value is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue(out int own)
                ? (own, entry.Key)
            : entry.Value is JsonValue digits && digits.TryGetValue(out string? number)
                && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int place) ? (place, entry.Key)
            : (-1, "")),
    ];

    /// <summary>Sorts names by their class numbers; <c>null</c> unless the numbers are 0 to the number of names less 1.</summary>
    public static IReadOnlyList<string>? Ordered(IReadOnlyList<(int Number, string Name)> names)
    {
        string[] ordered = [.. names.OrderBy(name => name.Number).Select(name => name.Name)];
        return names.Select(name => name.Number).Order().SequenceEqual(Enumerable.Range(0, names.Count)) ? ordered : null;
    }

    // The class number in an object such as {"id": 3, "name": "dog"}.
    private static int? NumberOf(JsonNode? entry) =>
        entry is JsonObject map && (map["id"] ?? map["index"]) is JsonValue number && number.GetValueKind() == JsonValueKind.Number
        && number.TryGetValue(out int known) ? known : null;

    private static bool IsQuoted(string line) => line.Length > 2 && line[0] == '"' && line[^1] == '"';

    private static string? NameOf(JsonNode? entry) => entry switch
    {
        JsonObject map => OfNames.Select(key => map[key]).FirstOrDefault(name => name is JsonValue) is { } name ? NameOf(name) : null,
        JsonValue when entry.GetValueKind() == JsonValueKind.String => (string)entry!,

        // A pair of a WordNet id and a name, as in the class index file of Keras.
        JsonArray { Count: 2 } pair => NameOf(pair[1]),
        _ => null,
    };
}
