using System.Globalization;
using Fovea.Models.Files;

namespace Fovea.Api.ModelRepository;

/// <summary>The contents of a model's folder at one moment. They decide which version serves.</summary>
/// <param name="Versions">The versions that have an .onnx file, the lowest first.</param>
/// <param name="Chosen">The content of the file named default; null if there is none.</param>
internal sealed record ModelFolder(IReadOnlyList<VersionFolder> Versions, string? Chosen)
{
    /// <summary>The name of the file that holds the number of the published version.</summary>
    public const string Default = "default";

    /// <summary>The name of the file that holds the number of the version that served before the published one.</summary>
    public const string Previous = "previous";

    /// <summary>The content of the file named default while no version is published and none may serve.</summary>
    public const string None = "none";

    /// <summary>
    /// The version that should serve: the one that the file named default holds, or the highest one without that file. Null if that
    /// version does not exist.
    /// </summary>
    public VersionFolder? Serving => Chosen is null && Versions is [.., var last]
        ? last
        : Versions.FirstOrDefault(version => version.Number.ToString(CultureInfo.InvariantCulture) == Chosen);

    /// <summary>A folder without versions.</summary>
    public static ModelFolder Empty { get; } = new([], null);

    /// <summary>
    /// Reads a folder. Returns <see cref="Empty"/> if the folder does not exist. Versions that another process deletes meanwhile are left
    /// out.
    /// </summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The service may not read the folder.</exception>
    public static ModelFolder Read(string path)
    {
        VersionFolder[] versions =
        [
            .. RepositoryLayout.Of(path).Files.Select(version => VersionFolder.Read(version.Key, path, version.Value))
                .OfType<VersionFolder>().OrderBy(version => version.Number),
        ];
        return versions.Length == 0 ? Empty : new(versions, ReadNumber(path, Default));
    }

    /// <summary>Reads the file <see cref="Default"/> or <see cref="Previous"/>; null if the file does not exist.</summary>
    /// <param name="path">The model's folder.</param>
    /// <param name="file">The file's name.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static string? ReadNumber(string path, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(path, file)).Trim();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            FixedFolders.RequireAbove(path);
            return null;
        }
    }

    /// <inheritdoc/>
    public bool Equals(ModelFolder? other) => other is not null && Chosen == other.Chosen && Versions.SequenceEqual(other.Versions);

    /// <inheritdoc/>
    public override int GetHashCode() => Versions.Aggregate(Chosen?.GetHashCode(StringComparison.Ordinal) ?? 0, HashCode.Combine);
}
