using Fovea.Api.Problems;

namespace Fovea.Api.Storage;

/// <summary>
/// Checks the paths of entries in an archive and the names of files in a form, before they become part of a path on the server.
/// </summary>
internal static class ArchivePath
{
    private const int LongestName = 200;

    // On Windows these names are devices, whatever their ending.
    private static readonly string[] Devices =
        ["CON", "PRN", "AUX", "NUL", .. "0123456789\u00B9\u00B2\u00B3".SelectMany(digit => new[] { $"COM{digit}", $"LPT{digit}" })];

    // Some file systems cannot store these characters in names, or give them a special meaning.
    private static readonly System.Buffers.SearchValues<char> Special = System.Buffers.SearchValues.Create(":*?\"<>|");

    /// <summary>
    /// Splits a path into the names of its folders, outermost first, and the name of the file. Backslashes separate names too, because
    /// older zip programs on Windows write them.
    /// </summary>
    public static string[] Names(string path) => path.Split('/', '\\');

    /// <summary>Returns the reason why a file may not be written to this path; null if it may.</summary>
    /// <param name="names">The names of a path's folders, and then of the file.</param>
    /// <param name="everywhere">
    /// True: every file system must be able to store the names. False: only the server's file system must be. Names of class folders may
    /// contain quotes and markup, and are kept if the server can store them.
    /// </param>
    public static string? WhyNot(IReadOnlyList<string> names, bool everywhere = true)
    {
        bool isSpecialRefused = everywhere || OperatingSystem.IsWindows();
        return
            names[0].Length == 0 ? "The path begins at the root; expected a path inside the archive."
            : names.Any(name => name is ".." or ".") ? "The path contains '..' or '.'; expected plain folders."
            : names.Any(name => name.Length == 0) ? "The path contains a folder without a name; expected a name for each folder."
            : names.FirstOrDefault(name => IsStrange(name, isSpecialRefused)) is { } strange
                ? $"The name '{ReadableText.Of(strange)}' cannot be stored on every system; expected a name without control characters"
                    + $"{(isSpecialRefused ? " and : * ? \" < > |" : "")}, without a drive, and without a space or a full stop at its end."
            : names.FirstOrDefault(IsDevice) is { } device
                ? $"The name '{ReadableText.Of(device)}' is reserved for a device on Windows; expected another name."
            : names.Any(name => System.Text.Encoding.UTF8.GetByteCount(name) > LongestName)
                ? $"A name in the path has more than {LongestName} bytes; expected at most {LongestName}."
            : null;
    }

    private static bool IsDevice(string name) => Devices.Contains(name.Split('.')[0].TrimEnd(), StringComparer.OrdinalIgnoreCase);

    private static bool IsStrange(string name, bool isSpecialRefused) =>
        (isSpecialRefused && name.AsSpan().ContainsAny(Special)) || name.Any(char.IsControl) || name.EndsWith(' ') || name.EndsWith('.')
        || (name is [var letter, ':'] && char.IsAsciiLetter(letter));
}
