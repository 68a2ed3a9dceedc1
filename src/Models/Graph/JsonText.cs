using System.Globalization;
using System.Text.Unicode;

namespace Fovea.Models;

/// <summary>Checks that JSON holds valid text only, which its parsers leave until a string is made of it.</summary>
public static class JsonText
{
    private const int EscapeLength = 6;

    /// <summary>Why some text in this JSON is no text; <c>null</c> where all of it is.</summary>
    /// <param name="json">JSON, which need not be complete.</param>
    /// <returns>A clause without a capital letter and a point, such as "it is not UTF-8".</returns>
    public static string? WhyNot(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
        {
            return "it is not UTF-8";
        }

        // Backslashes stand only within strings. Each begins an escape of two bytes, or of six: \u and four digits.
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

    // The code unit of \uXXXX; -1 where something else stands here, which a parser refuses if it must.
    private static int Unit(ReadOnlySpan<byte> json) =>
        json.Length >= EscapeLength && json[0] == '\\' && json[1] == 'u'
            && ushort.TryParse(json[2..EscapeLength], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code)
            ? code
            : -1;
}
