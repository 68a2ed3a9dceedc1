namespace Fovea.Api;

/// <summary>
/// Paths of entries in an archive, and names of files in a form. Each name is checked before it becomes part of a path of ours.
/// </summary>
internal static class ArchivePath
{
    private const int LongestName = 200;

    private static readonly string[] Leftovers = ["__MACOSX", "Thumbs.db", "desktop.ini"];

    // Windows takes these names for devices, with any ending.
    private static readonly string[] Devices =
        ["CON", "PRN", "AUX", "NUL", .. "0123456789\u00B9\u00B2\u00B3".SelectMany(digit => new[] { $"COM{digit}", $"LPT{digit}" })];

    // Characters that have a meaning on some file system, or that it cannot store.
    private static readonly System.Buffers.SearchValues<char> Special = System.Buffers.SearchValues.Create(":*?\"<>|");

    /// <summary>
    /// The names of a path's folders and then of the file. Backslashes separate names too: older zip tools of Windows write them.
    /// </summary>
    public static string[] Names(string path) => path.Split('/', '\\');

    /// <summary>Whether a path names a hidden file, or one that file managers write for themselves.</summary>
    public static bool IsLeftover(IEnumerable<string> names) =>
        names.Any(name =>
            (name.StartsWith('.') && name is not ("." or "..")) || Leftovers.Contains(name, StringComparer.OrdinalIgnoreCase));

    /// <summary>The reason why no file may be written under these names; null if one may.</summary>
    public static string? WhyNot(IReadOnlyList<string> names) =>
        names[0].Length == 0 ? "Its path begins at the root; expected one inside the archive."
        : names.Any(name => name is ".." or ".") ? "Its path has '..' or '.' in it; expected plain folders."
        : names.Any(name => name.Length == 0) ? "Its path has a folder without a name."
        : names.FirstOrDefault(name => name.AsSpan().ContainsAny(Special) || name.Any(char.IsControl) || name.EndsWith(' ') || name.EndsWith('.')) is { } strange
            ? $"The name '{ReadableText.Of(strange)}' cannot be stored everywhere; expected one without control characters and : * ? \" < > |, "
                + "and no space or point at its end."
        : names.FirstOrDefault(name => Devices.Contains(name.Split('.')[0].TrimEnd(), StringComparer.OrdinalIgnoreCase)) is { } device
            ? $"The name '{ReadableText.Of(device)}' is a device's on Windows; expected another."
        : names.Any(name => System.Text.Encoding.UTF8.GetByteCount(name) > LongestName)
            ? $"A name in its path is longer than {LongestName} bytes."
        : null;
}
