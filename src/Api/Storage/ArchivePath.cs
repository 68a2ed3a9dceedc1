using Fovea.Api.Problems;

namespace Fovea.Api.Storage;

/// <summary>
/// Checks the paths of entries in an archive and the names of files in a form, before they become part of a path on the server.
/// </summary>
internal static class ArchivePath
{
    private const int LongestName = 200;

    // Windows takes these names for devices, with any ending.
    private static readonly string[] Devices =
        ["CON", "PRN", "AUX", "NUL", .. "0123456789\u00B9\u00B2\u00B3".SelectMany(digit => new[] { $"COM{digit}", $"LPT{digit}" })];

    // Some file systems cannot store these characters or give them a special meaning.
    private static readonly System.Buffers.SearchValues<char> Special = System.Buffers.SearchValues.Create(":*?\"<>|");

    /// <summary>
    /// Splits a path into the names of its folders and then of the file. Backslashes separate names too, because older zip tools on Windows
    /// write them.
    /// </summary>
    public static string[] Names(string path) => path.Split('/', '\\');

    /// <summary>The reason why no file may be written under these names; null if one may.</summary>
    /// <param name="names">The names of a path's folders, and then of the file.</param>
    /// <param name="everywhere">
    /// Whether every file system must be able to store the names; otherwise the one here. Names of classes have quotes and markup in them,
    /// and stay as they are where that is possible.
    /// </param>
    public static string? WhyNot(IReadOnlyList<string> names, bool everywhere = true)
    {
        bool isSpecialRefused = everywhere || OperatingSystem.IsWindows();
        return
            names[0].Length == 0 ? "Its path begins at the root; expected a path inside the archive."
            : names.Any(name => name is ".." or ".") ? "Its path has '..' or '.' in it; expected plain folders."
            : names.Any(name => name.Length == 0) ? "Its path has a folder without a name."
            : names.FirstOrDefault(name => IsStrange(name, isSpecialRefused)) is { } strange
                ? $"The name '{ReadableText.Of(strange)}' cannot be stored on every system; expected a name without control characters"
                    + $"{(isSpecialRefused ? " and : * ? \" < > |" : "")}, without a drive, and without a space or a full stop at its end."
            : names.FirstOrDefault(IsDevice) is { } device
                ? $"The name '{ReadableText.Of(device)}' is that of a device on Windows; expected another name."
            : names.Any(name => System.Text.Encoding.UTF8.GetByteCount(name) > LongestName)
                ? $"A name in its path has more than {LongestName} bytes; expected at most {LongestName}."
            : null;
    }

    private static bool IsDevice(string name) => Devices.Contains(name.Split('.')[0].TrimEnd(), StringComparer.OrdinalIgnoreCase);

    private static bool IsStrange(string name, bool isSpecialRefused) =>
        (isSpecialRefused && name.AsSpan().ContainsAny(Special)) || name.Any(char.IsControl) || name.EndsWith(' ') || name.EndsWith('.')
        || (name is [var letter, ':'] && char.IsAsciiLetter(letter));
}
