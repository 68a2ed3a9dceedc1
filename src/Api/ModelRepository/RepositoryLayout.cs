using System.Globalization;
using Fovea.Models.Files;

namespace Fovea.Api.ModelRepository;

/// <summary>
/// The paths of a model's versions in the repository. Version N is <c>NAME/N/model.onnx</c>, or the only .onnx file in <c>NAME/N</c>.
/// Version 1 may also be the only .onnx file directly in <c>NAME</c>, or the file <c>NAME.onnx</c> beside that folder. If several files
/// could be the same version, none of them is served.
/// </summary>
/// <param name="Files">The path of each version's .onnx file, by the version's number.</param>
/// <param name="Unclear">One sentence for each .onnx file or version that is not served, with the reason.</param>
internal sealed record RepositoryLayout(IReadOnlyDictionary<int, string> Files, IReadOnlyList<string> Unclear)
{
    /// <summary>The ending of the names of files that hold a network.</summary>
    public const string Ending = ".onnx";

    // The endings of files that lie beside a model's file but are no versions: its faster forms, and its original before adoption.
    private static readonly string[] Twins = [".int8", ".fp16", ".original"];

    /// <summary>Finds the versions of a model.</summary>
    /// <param name="model">The path of the model's folder, which need not exist.</param>
    /// <exception cref="IOException">A folder cannot be read, or the disk of the repository is gone.</exception>
    public static RepositoryLayout Of(string model)
    {
        var (files, unclear) = (new SortedDictionary<int, string>(), new List<string>());
        var repository = Path.GetDirectoryName(model)!;
        foreach (var folder in Read(model, Directory.GetDirectories).Where(folder => ModelNames.IsVersion(Path.GetFileName(folder))))
        {
            Add(int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture), Networks(folder), $"{VersionFolder.ModelFile}, or one");
        }

        // The folder "1" always takes precedence over an .onnx file without a version folder. An empty folder "1" is being filled, or was
        // emptied by hand.
        string[] flat = [.. Networks(model), .. File.Exists(model + Ending) ? [model + Ending] : Array.Empty<string>()];
        if (flat.Length > 0 && Directory.Exists(Path.Combine(model, "1")))
        {
            unclear.Add($"{Names(flat)} is not served, because {Name(Path.Combine(model, "1"))} is version 1; expected one of them.");
        }
        else if (flat.Length > 0)
        {
            Add(1, flat, "one");
        }

        if (files.Count == 0)
        {
            // While the disk is gone, no folder exists. So a missing folder then says nothing about the model.
            FixedFolders.RequireAbove(model);
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

    /// <summary>The names of the models that are a file <c>NAME.onnx</c> directly in the repository.</summary>
    /// <param name="repository">The path of the repository.</param>
    /// <exception cref="IOException">The repository cannot be read.</exception>
    public static IEnumerable<string> FlatModels(string repository) =>
        Networks(repository, everyFile: true).Select(file => Path.GetFileNameWithoutExtension(file)).Where(name => !name.StartsWith('.'));

    // Returns the .onnx files of a folder that may be versions, without twins. A model.onnx hides the other files, unless every file of the
    // folder is a model of its own (everyFile).
    private static IReadOnlyList<string> Networks(string folder, bool everyFile = false)
    {
        string[] all =
        [
            .. Read(folder, Directory.GetFiles).Where(file =>
                    file.EndsWith(Ending, everyFile ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase))
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
            // Another process has deleted the folder meanwhile.
            return [];
        }
    }
}
