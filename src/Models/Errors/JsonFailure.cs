using System.Globalization;
using System.Text.Json;

namespace Fovea.Models.Errors;

/// <summary>Describes in plain words where JSON is invalid, for error messages.</summary>
internal static class JsonFailure
{
    /// <summary>
    /// Returns the place of an error: the JSON path and the line, for example "$.labels, line 3", or only "line 3" if the path is unknown.
    /// It replaces .NET's messages, which name .NET types.
    /// </summary>
    public static string Place(JsonException error)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"line {(error.LineNumber ?? 0) + 1}");
        return error.Path is { Length: > 0 } path ? $"{path}, {line}" : line;
    }
}
