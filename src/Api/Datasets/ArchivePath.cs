namespace Fovea.Api;

/// <summary>Where an entry of an archive says that it lies. Nothing of it becomes a path of ours before each of its names was looked at.</summary>
internal static class ArchivePath
{
    private const int LongestName = 200;

    private static readonly string[] Leftovers = ["__MACOSX", "Thumbs.db", "desktop.ini"];

    // What some file system has a meaning for, or cannot store.
    private static readonly System.Buffers.SearchValues<char> Special = System.Buffers.SearchValues.Create(":*?\"<>|");

    /// <summary>The names of the folders and, last, of the file. Windows' own tools wrote backslashes for long.</summary>
    public static string[] Names(string path) => path.Split('/', '\\');

    /// <summary>Whether it is something that file managers leave behind, or hide.</summary>
    public static bool IsLeftover(IEnumerable<string> names) =>
        names.Any(name => (name.StartsWith('.') && name is not ("." or "..")) || Leftovers.Contains(name, StringComparer.OrdinalIgnoreCase));

    /// <summary>Why no file may be written under these names; null where one may.</summary>
    public static string? WhyNot(IReadOnlyList<string> names) =>
        names[0].Length == 0 ? "Its path begins at the root; expected one inside the archive."
        : names.Any(name => name is ".." or ".") ? "Its path has '..' or '.' in it; expected plain folders."
        : names.Any(name => name.Length == 0) ? "Its path has a folder without a name."
        : names.FirstOrDefault(name => name.AsSpan().ContainsAny(Special) || name.Any(char.IsControl) || name.EndsWith(' ') || name.EndsWith('.')) is { } strange
            ? $"The name '{Printable(strange)}' cannot be stored everywhere; expected one without control characters and : * ? \" < > |, and no space or point at its end."
        : names.Any(name => System.Text.Encoding.UTF8.GetByteCount(name) > LongestName) ? $"A name in its path is longer than {LongestName} bytes."
        : null;

    private static string Printable(string name) => string.Concat(name.Select(c => char.IsControl(c) ? '\uFFFD' : c));
}
