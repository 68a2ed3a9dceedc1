using Fovea.Models;

namespace Fovea.Api;

/// <summary>What the files of an archive are by their paths: images of classes and, where the archive divides them itself, of parts. Their contents were not looked at.</summary>
internal sealed class DatasetLayout
{
    private readonly List<RefusedFile> refused;

    /// <param name="files">Those that may be looked at.</param>
    /// <param name="refused">Those that were left out before, and why.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadDataset"/>: there are fewer than two classes, two differ by case alone, or a part lacks one.</exception>
    public DatasetLayout(IReadOnlyList<ArchivedFile> files, IEnumerable<RefusedFile> refused)
    {
        this.refused = [.. refused];
        files = [.. files.OrderBy(file => file.Path, StringComparer.Ordinal)];
        int depth = Wrapping(files);
        bool hasParts = files.Any(file => IsUnder(file, depth, Dataset.Train)) && files.All(file => file.Names.Count == depth + 1 || Dataset.Parts.Contains(file.Names[depth]));
        int folders = depth + (hasParts ? 2 : 1);
        Images = [.. Distinct(files.Where(file => file.Names.Count == folders + 1).Select(file => new Candidate(file, hasParts ? file.Names[depth] : null, file.Names[^2], file.Names[^1])))];
        this.refused.AddRange(files.Where(file => file.Names.Count != folders + 1).Select(file => new RefusedFile(
            file.Path, file.Names.Count <= folders ? "It lies in no class folder." : "It lies too deep; expected the images right in their class folders.")));
        CheckClasses();
    }

    /// <summary>The files that are images of a class, if they are images, in the order of their paths.</summary>
    public IReadOnlyList<Candidate> Images { get; }

    /// <summary>Those that are not, and why.</summary>
    public IReadOnlyList<RefusedFile> Refused => refused;

    // Folders that hold everything, as an archive of a folder has them, rather than a class.
    private static int Wrapping(IReadOnlyList<ArchivedFile> files)
    {
        int depth = 0;
        while (files.Count > 0
            && files.All(file => IsUnder(file, depth, files[0].Names[depth]))
            && files.Count(file => file.Names.Count > depth + 2) > files.Count / 2)
        {
            depth++;
        }

        return depth;
    }

    private static bool IsUnder(ArchivedFile file, int depth, string folder) => file.Names.Count > depth + 1 && file.Names[depth] == folder;

    // Not every disk and not every reader can tell names apart that differ by case.
    private IEnumerable<Candidate> Distinct(IEnumerable<Candidate> images)
    {
        foreach (var same in images.GroupBy(image => (image.Part, image.Label, image.File.ToUpperInvariant())))
        {
            var first = same.First();
            yield return first;
            refused.AddRange(same.Skip(1).Select(image => new RefusedFile(
                image.Archived.Path, image.Archived.Path == first.Archived.Path ? "The archive has it twice." : $"Its name differs from {first.Archived.Path} by case alone.")));
        }
    }

    private void CheckClasses()
    {
        var labels = Images.Select(image => image.Label).Distinct().Order(StringComparer.Ordinal).ToArray();
        if (labels.Length < 2)
        {
            throw Bad($"The archive has {labels.Length} class folders{(labels is [var only] ? $", {only}" : "")}; expected at least 2, each with images of one class. {Reason}");
        }

        if (labels.GroupBy(label => label, StringComparer.OrdinalIgnoreCase).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw Bad($"The classes {string.Join(" and ", twice)} differ by case alone; expected names that differ by more.");
        }

        foreach (var part in Images.GroupBy(image => image.Part))
        {
            if (labels.Except(part.Select(image => image.Label)).FirstOrDefault() is { } missing)
            {
                throw Bad($"The folder {part.Key} has no class {missing}, as another part has; expected the same classes in each.");
            }
        }
    }

    private string Reason => refused is [var first, ..] ? $"The first file that was left out, {first.File}: {first.Reason}" : "";

    private static FoveaException Bad(string message) => new(ErrorCode.BadDataset, message.TrimEnd());
}

/// <summary>A file that is an image of a class, if it is an image.</summary>
/// <param name="Archived">The file.</param>
/// <param name="Part">train, val or test; null where the archive does not divide its images.</param>
/// <param name="Label">The class.</param>
/// <param name="File">The file's own name.</param>
internal sealed record Candidate(ArchivedFile Archived, string? Part, string Label, string File);
