using System.Globalization;
using System.Text;
using Fovea.Models.Graphs;

namespace Fovea.Models.Metadata;

/// <summary>Parses class names that are written as a Python literal: a dictionary from numbers to strings, or a list of strings.</summary>
internal sealed class PythonText
{
    private readonly string text;
    private int at;

    private PythonText(string text) => this.text = text;

    /// <summary>The names in <c>{0: 'ant', 1: "bee"}</c> or <c>['ant', 'bee']</c>, in order; <c>null</c> for other text.</summary>
    public static IReadOnlyList<string>? Names(string text) => Read(
        text, reader => text.TrimStart().StartsWith('[') ? reader.List() : LabelFiles.Ordered(reader.Dictionary()));

    /// <summary>
    /// A clause about the first number without a name in a text such as <c>{0: 'ant', 2: 'bee'}</c>; <c>null</c> for other text.
    /// </summary>
    public static string? Gap(string text) => Read(text, reader => LabelFiles.Gap(reader.Dictionary()));

    /// <summary>The whole numbers in a text such as <c>[224, 224]</c> or <c>224</c>.</summary>
    public static int[] Numbers(string text) =>
    [
        .. text.Split(['[', ']', '(', ')', ',', ' '], StringSplitOptions.RemoveEmptyEntries)
            .Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1)
            .Where(number => number > 0),
    ];

    private static T? Read<T>(string text, Func<PythonText, T?> read)
        where T : class
    {
        try
        {
            return read(new(text.Trim()));
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            return null;
        }
    }

    private List<(int, string)> Dictionary()
    {
        var entries = new List<(int, string)>();
        Expect('{');
        while (!Next('}'))
        {
            int key = Number();
            Expect(':');
            entries.Add((key, Text()));
            _ = Next(',');
        }

        return entries;
    }

    private List<string> List()
    {
        var names = new List<string>();
        Expect('[');
        while (!Next(']'))
        {
            names.Add(Text());
            _ = Next(',');
        }

        return names;
    }

    private int Number()
    {
        bool isQuoted = Peek() is '\'' or '"';
        var digits = isQuoted ? Text() : new string([.. text[at..].TakeWhile(char.IsAsciiDigit)]);
        at += isQuoted ? 0 : digits.Length;
        return int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
    }

    private string Text()
    {
        char quote = Peek();
        if (quote is not ('\'' or '"'))
        {
            throw new FormatException("a quote is missing");
        }

        var value = new StringBuilder();
        for (at++; at < text.Length && text[at] != quote; at++)
        {
            value.Append(text[at] != '\\' ? text[at] : ++at < text.Length ? Escaped() : throw new FormatException("the text ends"));
        }

        at++;
        return value.ToString();
    }

    private char Escaped() => text[at] switch
    {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'x' => Coded(2),
        'u' => Coded(4),
        var c => c,
    };

    // Reads the hexadecimal number of an escaped character, such as \x41 or \u0041.
    private char Coded(int digits)
    {
        var number = at + digits < text.Length ? text.AsSpan(at + 1, digits) : throw new FormatException("the text ends");
        at += digits;
        char c = (char)int.Parse(number, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        return char.IsSurrogate(c) ? throw new FormatException("half of a surrogate pair is no character") : c;
    }

    private char Peek()
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
        {
            at++;
        }

        return at < text.Length ? text[at] : throw new FormatException("the text ends");
    }

    private bool Next(char c)
    {
        if (Peek() != c)
        {
            return false;
        }

        at++;
        return true;
    }

    private void Expect(char c)
    {
        if (!Next(c))
        {
            throw new FormatException($"{c} is missing");
        }
    }
}
