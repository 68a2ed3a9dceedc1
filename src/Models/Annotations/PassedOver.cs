namespace Fovea.Models.Annotations;

/// <summary>Recognises the names of files and folders that a data set ignores without a message, because they are not images.</summary>
public static class PassedOver
{
    private static readonly string[] Leftovers =
        ["__MACOSX", "Thumbs.db", "ehthumbs.db", "desktop.ini", "$RECYCLE.BIN", "System Volume Information", "@eaDir", "lost+found"];

    private static readonly string[] AnnotationExtensions =
        [".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".xml", ".txt", ".yaml", ".yml", ".md", ".html", ".names", ".log"];

    /// <summary>
    /// Whether a file is hidden, lies in a hidden folder, or is one that file managers write for themselves, such as Thumbs.db.
    /// </summary>
    /// <param name="names">The file's path: the names of its folders, and the file name.</param>
    public static bool IsLeftover(IEnumerable<string> names) =>
        names.Any(name =>
            (name.StartsWith('.') && name is not ("." or "..")) || name == "Icon\r"
            || Leftovers.Contains(name, StringComparer.OrdinalIgnoreCase));

    /// <summary>Whether a file has the extension of a text file, such as .xml or .csv, that may describe images.</summary>
    public static bool IsAnnotation(string name) =>
        AnnotationExtensions.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase);
}
