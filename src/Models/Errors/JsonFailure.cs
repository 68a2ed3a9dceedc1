using System.Globalization;
using System.Text.Json;

namespace Fovea.Models.Errors;

/// <summary>Translates the errors of the JSON reader into plain words for error messages.</summary>
internal static class JsonFailure
{
    /// <summary>
    /// The place of an error: the JSON path and the line, for example "$.labels, line 3"; "line 3" if the path is not known. The texts of
    /// .NET are not used, since they name .NET types.
    /// </summary>
    public static string Place(JsonException error)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"line {(error.LineNumber ?? 0) + 1}");
        return error.Path is { Length: > 0 } path ? $"{path}, {line}" : line;
    }
}
