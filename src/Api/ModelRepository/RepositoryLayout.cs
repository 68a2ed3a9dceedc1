using System.Globalization;

namespace Fovea.Api.ModelRepository;

/// <summary>
/// Where the versions of a model lie: <c>NAME/N/model.onnx</c>, or the only .onnx file of <c>NAME/N</c>; and as version 1 the only .onnx
/// file of <c>NAME</c>, or the file <c>NAME.onnx</c> beside that folder. Where there are two readings nothing is served, and a sentence
/// says so.
/// </summary>
/// <param name="Files">The file of each version, by its number.</param>
/// <param name="Unclear">What is not served although it is an .onnx file, and why; a sentence each.</param>
internal sealed record RepositoryLayout(IReadOnlyDictionary<int, string> Files, IReadOnlyList<string> Unclear)
{
    /// <summary>The end of the names of network files.</summary>
    public const string Ending = ".onnx";

    // The endings of files beside a model file that are not models themselves: its faster forms, and its original before adoption.
    private static readonly string[] Twins = [".int8", ".fp16", ".original"];

    /// <summary>Finds the versions of a model.</summary>
    /// <param name="model">The path of the model's folder, which need not exist.</param>
    /// <exception cref="IOException">A folder cannot be read.</exception>
    public static RepositoryLayout Of(string model)
    {
        var (files, unclear) = (new SortedDictionary<int, string>(), new List<string>());
        var repository = Path.GetDirectoryName(model)!;
        foreach (var folder in Read(model, Directory.GetDirectories).Where(folder => ModelNames.IsVersion(Path.GetFileName(folder))))
        {
            Add(int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture), Networks(folder), $"{VersionFolder.ModelFile}, or one");
        }

        // A folder of version 1 that has no file yet is being filled, or was emptied by hand; then too version 1 is not the flat file.
        string[] flat = [.. Networks(model), .. File.Exists(model + Ending) ? [model + Ending] : Array.Empty<string>()];
        if (flat.Length > 0 && Directory.Exists(Path.Combine(model, "1")))
        {
            unclear.Add($"{Names(flat)} is not served, because {Name(Path.Combine(model, "1"))} is version 1; expected one of them.");
        }
        else if (flat.Length > 0)
        {
            Add(1, flat, "one");
        }

        return new(files, unclear);

        void Add(int number, IReadOnlyList<string> found, string expected)
        {
            if (found is [var file])
            {
                files[number] = file;
            }
            else if (found.Count > 1)
            {
                unclear.Add(
                    $"Version {number} of {Path.GetFileName(model)} is not served, because it may be {Names(found)}; expected {expected} "
                    + "of them.");
            }
        }

        string Names(IEnumerable<string> found) => string.Join(" or ", found.Select(Name));

        string Name(string path) => Path.GetRelativePath(repository, path).Replace('\\', '/');
    }

    /// <summary>The names of the models that are files of the repository, as <c>NAME.onnx</c>.</summary>
    /// <param name="repository">The repository.</param>
    /// <exception cref="IOException">The repository cannot be read.</exception>
    public static IEnumerable<string> FlatModels(string repository) =>
        Networks(repository, everyFile: true).Select(file => Path.GetFileNameWithoutExtension(file)).Where(name => !name.StartsWith('.'));

    // The .onnx files of a folder without twins: only model.onnx if there is one, unless every file is a model of its own.
    private static IReadOnlyList<string> Networks(string folder, bool everyFile = false)
    {
        string[] all =
        [
            .. Read(folder, Directory.GetFiles).Where(file => file.EndsWith(Ending, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];
        var model = Path.Combine(folder, VersionFolder.ModelFile);
        return !everyFile && all.Contains(model) ? [model] : [.. all.Where(file => !IsTwin(file, all))];
    }

    private static bool IsTwin(string file, string[] all)
    {
        var name = file[..^Ending.Length];
        return Twins.Any(twin => name.EndsWith(twin, StringComparison.Ordinal)
            && (Path.GetFileName(name) == $"model{twin}" || all.Contains(name[..^twin.Length] + Ending)));
    }

    private static string[] Read(string folder, Func<string, string[]> read)
    {
        try
        {
            return Directory.Exists(folder) ? read(folder) : [];
        }
        catch (DirectoryNotFoundException)
        {
            // Another process deletes it meanwhile.
            return [];
        }
    }
}
