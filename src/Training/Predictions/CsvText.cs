using System.Buffers;

namespace Fovea.Training.Predictions;

/// <summary>Writes rows of comma-separated values as RFC 4180 describes them.</summary>
internal static class CsvText
{
    private static readonly SearchValues<char> Special = SearchValues.Create(",\"\r\n");

    /// <summary>Returns a row. Fields that contain commas, quotes or line breaks, or begin or end with a space, are quoted.</summary>
    public static string Row(params IEnumerable<string> fields) => string.Join(',', fields.Select(Quoted));

    private static string Quoted(string field) =>
        field.AsSpan().ContainsAny(Special) || field.StartsWith(' ') || field.EndsWith(' ')
            ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
            : field;
}
