using System.Globalization;
using System.Text.Unicode;

namespace Fovea.Models.Errors;

/// <summary>
/// Checks that all strings in JSON are valid text. The parsers of .NET check a string only when a program reads it, and then throw an
/// exception other than JsonException.
/// </summary>
public static class JsonText
{
    private const int EscapeLength = 6;

    /// <summary>The reason why a string in JSON is not valid text; <c>null</c> if all strings are valid.</summary>
    /// <param name="json">The JSON, which may be incomplete.</param>
    /// <returns>A clause without a full stop, such as "it is not UTF-8".</returns>
    public static string? WhyNot(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
        {
            return "it is not UTF-8";
        }

        // A backslash occurs in strings only. It begins an escape of two bytes, or of six: \u and four digits.
        for (int at; (at = json.IndexOf((byte)'\\')) >= 0;)
        {
            json = json[at..];
            int code = Unit(json);
            if (code == 0)
            {
                return "it holds the character U+0000";
            }

            bool isPair = code > 0 && char.IsHighSurrogate((char)code) && json.Length > EscapeLength
                && Unit(json[EscapeLength..]) is > 0 and var low && char.IsLowSurrogate((char)low);
            if (code > 0 && char.IsSurrogate((char)code) && !isPair)
            {
                return string.Create(CultureInfo.InvariantCulture, $"it holds \\u{code:x4}, half of a surrogate pair");
            }

            json = json[Math.Min(json.Length, isPair ? 2 * EscapeLength : code > 0 ? EscapeLength : 2)..];
        }

        return null;
    }

    // The UTF-16 code unit of an escape \uXXXX; -1 for other escapes. The JSON parser checks those.
    private static int Unit(ReadOnlySpan<byte> json) =>
        json.Length >= EscapeLength && json[0] == '\\' && json[1] == 'u'
            && ushort.TryParse(json[2..EscapeLength], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code)
            ? code
            : -1;
}
