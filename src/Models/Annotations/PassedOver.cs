namespace Fovea.Models.Annotations;

/// <summary>Names of files and folders in a data set that are no images and are passed over without a word.</summary>
public static class PassedOver
{
    private static readonly string[] Leftovers =
        ["__MACOSX", "Thumbs.db", "ehthumbs.db", "desktop.ini", "$RECYCLE.BIN", "System Volume Information", "@eaDir", "lost+found"];

    private static readonly string[] AnnotationExtensions =
        [".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".xml", ".txt", ".yaml", ".yml", ".md", ".html", ".names", ".log"];

    /// <summary>Whether a path names a hidden file, one in a hidden folder, or one that file managers write for themselves.</summary>
    /// <param name="names">The names of the path's folders, and its own name.</param>
    public static bool IsLeftover(IEnumerable<string> names) =>
        names.Any(name =>
            (name.StartsWith('.') && name is not ("." or "..")) || name == "Icon\r"
            || Leftovers.Contains(name, StringComparer.OrdinalIgnoreCase));

    /// <summary>Whether a file's name has the ending of a text that describes images.</summary>
    public static bool IsAnnotation(string name) =>
        AnnotationExtensions.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase);
}
