using System.Text.Json.Nodes;
using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>
/// Reads the part of YAML that configuration files use: maps and lists by indentation, lists in brackets, plain and quoted values, and
/// comments. All values become strings.
/// </summary>
internal sealed class YamlSubset
{
    private readonly List<(int Indent, string Text)> lines = [];
    private int at;

    private YamlSubset(string text)
    {
        foreach (var line in text.ReplaceLineEndings("\n").Split('\n'))
        {
            var content = WithoutComment(line).TrimEnd();
            if (content.Trim() is not ("" or "---"))
            {
                lines.Add((content.Length - content.TrimStart().Length, content.TrimStart()));
            }
        }
    }

    /// <summary>Parses a document; <c>null</c> if it is empty.</summary>
    /// <exception cref="FormatException">A line in a map has no key.</exception>
    public static JsonNode? Parse(string text)
    {
        var reader = new YamlSubset(text);
        return reader.lines.Count == 0 ? null : reader.Block(reader.lines[0].Indent);
    }

    private JsonNode? Block(int indent) => IsItem(lines[at].Text) ? List(indent) : Map(indent);

    private JsonArray List(int indent)
    {
        var list = new JsonArray();
        while (at < lines.Count && lines[at].Indent == indent && IsItem(lines[at].Text))
        {
            var item = lines[at].Text[1..].TrimStart();
            int inner = indent + lines[at].Text.Length - item.Length;
            if (item.Length == 0)
            {
                at++;
                list.Add(Nested(indent));
            }
            else if (KeyEnd(item) >= 0 || IsItem(item))
            {
                // The text after the dash begins a block, so it is parsed as a line with deeper indentation.
                lines[at] = (inner, item);
                list.Add(Block(inner));
            }
            else
            {
                at++;
                list.Add(Scalar(item));
            }
        }

        return list;
    }

    private JsonObject Map(int indent)
    {
        var map = new JsonObject();
        while (at < lines.Count && lines[at].Indent == indent && !IsItem(lines[at].Text))
        {
            var line = lines[at].Text;
            int end = KeyEnd(line);
            if (end < 0)
            {
                throw new FormatException($"the line '{line}' has no key");
            }

            var value = line[(end + 1)..].Trim();
            at++;
            map[Unquoted(line[..end].Trim())] = value.Length > 0 ? Scalar(value) : Nested(indent);
        }

        return map;
    }

    // Parses the block below a key or a dash. A list may have the same indentation as its key.
    private JsonNode? Nested(int indent) =>
        at < lines.Count && (lines[at].Indent > indent || (lines[at].Indent == indent && IsItem(lines[at].Text)))
        ? Block(lines[at].Indent)
        : null;

    private static JsonNode? Scalar(string value) => value is ['[', .. var inside, ']']
        ? new JsonArray([.. inside.Split(',').Select(part => part.Trim()).Where(part => part.Length > 0).Select(part =>
            (JsonNode?)Unquoted(part))])
        : value is "null" or "~" ? null
        : Unquoted(value);

    private static string Unquoted(string value) => value is ['\'', .. var a, '\''] ? a.Replace("''", "'", StringComparison.Ordinal)
        : value is ['"', .. var b, '"'] ? b.Replace("\\\"", "\"", StringComparison.Ordinal)
        : value;

    private static bool IsItem(string line) => line == "-" || line.StartsWith("- ", StringComparison.Ordinal);

    // The index of the colon after a key; -1 if the line has no key.
    private static int KeyEnd(string line)
    {
        if (line[0] is '\'' or '"' or '[')
        {
            return line[0] != '[' && line.IndexOf(line[0], 1) is > 0 and var close && line[(close + 1)..].StartsWith(':') ? close + 1 : -1;
        }

        int at = line.IndexOf(": ", StringComparison.Ordinal);
        return at >= 0 ? at : line.EndsWith(':') ? line.Length - 1 : -1;
    }

    private static string WithoutComment(string line)
    {
        int hash = line.StartsWith('#') ? 0 : line.IndexOf(" #", StringComparison.Ordinal);
        return hash < 0 ? line : line[..hash];
    }
}
