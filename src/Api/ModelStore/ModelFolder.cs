using System.Globalization;

namespace Fovea.Api;

/// <summary>A model's folder as it was at one moment, as far as it decides what is served.</summary>
/// <param name="Versions">The versions that have a file, the lowest first.</param>
/// <param name="Chosen">What the file named default holds; null where there is none.</param>
internal sealed record ModelFolder(IReadOnlyList<VersionFolder> Versions, string? Chosen)
{
    /// <summary>The file that holds the number of the version that serves.</summary>
    public const string Default = "default";

    /// <summary>The file that holds the number of the version that served before.</summary>
    public const string Previous = "previous";

    /// <summary>What the file named default holds where no version is to serve yet.</summary>
    public const string None = "none";

    /// <summary>The version that is to serve; null where there is none.</summary>
    public VersionFolder? Serving => Chosen is null && Versions is [.., var last] ? last : Versions.FirstOrDefault(version => version.Number.ToString(CultureInfo.InvariantCulture) == Chosen);

    /// <summary>A folder in which there is no model.</summary>
    public static ModelFolder Empty { get; } = new([], null);

    /// <summary>Reads a folder; <see cref="Empty"/> where there is none, or where it goes meanwhile.</summary>
    public static ModelFolder Read(string path)
    {
        try
        {
            var folder = new DirectoryInfo(path);
            if (!folder.Exists)
            {
                return Empty;
            }

            var shared = Stamps(folder.EnumerateFiles().Where(file => file.Name is not (Default or Previous) && !file.Name.EndsWith(".tmp", StringComparison.Ordinal)));
            VersionFolder[] versions =
            [
                .. from sub in folder.EnumerateDirectories()
                   where ModelNames.IsVersion(sub.Name) && File.Exists(Path.Combine(sub.FullName, VersionFolder.ModelFile))
                   select new VersionFolder(int.Parse(sub.Name, CultureInfo.InvariantCulture), sub.FullName, $"{shared}|{Stamps(sub.EnumerateFiles())}") into version
                   orderby version.Number
                   select version,
            ];
            return new(versions, versions.Length == 0 ? null : ReadNumber(path, Default));
        }
        catch (DirectoryNotFoundException)
        {
            return Empty;
        }
    }

    /// <summary>What one of the two files holds; null where there is none.</summary>
    public static string? ReadNumber(string path, string file)
    {
        var full = Path.Combine(path, file);
        return File.Exists(full) ? File.ReadAllText(full).Trim() : null;
    }

    /// <inheritdoc/>
    public bool Equals(ModelFolder? other) => other is not null && Chosen == other.Chosen && Versions.SequenceEqual(other.Versions);

    /// <inheritdoc/>
    public override int GetHashCode() => Versions.Aggregate(Chosen?.GetHashCode(StringComparison.Ordinal) ?? 0, HashCode.Combine);

    private static string Stamps(IEnumerable<FileInfo> files) =>
        string.Join('|', files.OrderBy(file => file.Name, StringComparer.Ordinal).Select(file => $"{file.Name}:{file.Length}:{file.LastWriteTimeUtc.Ticks}"));
}

/// <summary>A version's folder at one moment.</summary>
/// <param name="Number">The version, from 1.</param>
/// <param name="Path">The folder.</param>
/// <param name="Stamp">Sizes and times of the files that the version is made of; another stamp is another version.</param>
internal sealed record VersionFolder(int Number, string Path, string Stamp)
{
    /// <summary>What the network's file is called.</summary>
    public const string ModelFile = "model.onnx";

    /// <summary>What the file is called that supplies what the network's file lacks.</summary>
    public const string JsonFile = "model.json";
}
