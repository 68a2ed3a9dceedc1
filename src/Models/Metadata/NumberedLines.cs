using System.Buffers;
using System.Globalization;

namespace Fovea.Models.Metadata;

/// <summary>
/// Reads lists of class names with the number of each class: "0 tench" (PaddleClas, Teachable Machine), "0: tench", "0. tench",
/// "0 - tench", "tench,0", in any order, with or without a line of titles.
/// </summary>
internal static class NumberedLines
{
    // A space may also be a part of a name, as in "7 up", so it separates only numbers that begin with 0.
    private static readonly SearchValues<char> Separators = SearchValues.Create(":,;\t ");

    /// <summary>The names in the order of their numbers; <c>null</c> unless all lines have a number, from 0 or from 1.</summary>
    public static string[]? Names(string[] lines) =>
        lines.Length < 2 ? null
        : Ordered(lines, isFirst: true) ?? Ordered(lines, isFirst: false)
            ?? (lines.Length > 2 && HasTitle(lines[0]) ? Ordered(lines[1..], isFirst: true) ?? Ordered(lines[1..], isFirst: false) : null);

    /// <summary>
    /// A clause about the first number without a name, if all lines begin with a number from 0 and a separator other than a space;
    /// <c>null</c> for other lines.
    /// </summary>
    public static string? Gap(string[] lines)
    {
        var parts = lines.Select(line => Split(line, isFirst: true)).ToArray();
        return parts.Length > 1 && parts.All(part => part is { Separator: not ' ' }) && parts.Any(part => part!.Value.Number == 0)
            && parts.All(part => !part!.Value.Name.All(char.IsAsciiDigit))
                ? LabelFiles.Gap([.. parts.Select(part => (part!.Value.Number, part.Value.Name))])
                : null;
    }

    private static bool HasTitle(string line) => line.AsSpan().IndexOfAny(',', ';', '\t') >= 0;

    private static string[]? Ordered(string[] lines, bool isFirst)
    {
        var parts = new (int Number, string Name)[lines.Length];
        bool hasSpace = false;
        for (int i = 0; i < lines.Length; i++)
        {
            if (Split(lines[i], isFirst) is not { } part)
            {
                return null;
            }

            parts[i] = (part.Number, part.Name);
            hasSpace |= part.Separator == ' ';
        }

        Array.Sort(parts, (a, b) => a.Number.CompareTo(b.Number));
        int start = parts[0].Number;
        bool isComplete = parts.Index().All(part => part.Item.Number == start + part.Index);
        bool isDistinct = isFirst && start == 0 || parts.DistinctBy(part => part.Name).Count() == parts.Length;
        return isComplete && isDistinct && (start == 0 || (start == 1 && !hasSpace)) ? [.. parts.Select(part => part.Name)] : null;
    }

    private static (int Number, string Name, char Separator)? Split(string line, bool isFirst)
    {
        int at = isFirst ? line.AsSpan().IndexOfAny(Separators) : line.AsSpan().LastIndexOfAny(Separators);
        if (at <= 0 || at == line.Length - 1)
        {
            return null;
        }

        var (number, name) = isFirst ? (line[..at], line[(at + 1)..]) : (line[(at + 1)..], line[..at]);
        char separator = line[at];
        if (isFirst && separator == ' ' && number is [.., '.' or ')'])
        {
            (number, separator) = (number[..^1], number[^1]);
        }
        else if (isFirst && separator == ' ' && name.StartsWith("- ", StringComparison.Ordinal))
        {
            (name, separator) = (name[2..], '-');
        }

        return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int known)
            && name.Trim() is { Length: > 0 } trimmed
            ? (known, trimmed.Length > 2 && trimmed[0] == '"' && trimmed[^1] == '"' ? trimmed[1..^1] : trimmed, separator)
            : null;
    }
}
