using System.Globalization;

namespace Fovea.Training.Commands;

/// <summary>Finds the file of a model that is given by its name.</summary>
internal static class NamedModel
{
    private const string Repository = "onnx", FileName = "model.onnx";

    /// <summary>
    /// Returns the path of a model's file. The path of a file is returned unchanged. The name of a model in <c>onnx/</c> gives the file of
    /// its served version, and the name of a network in <c>data/weights/</c> gives the network's file. Any other value is returned
    /// unchanged.
    /// </summary>
    public static string Find(string fileOrName)
    {
        if (File.Exists(fileOrName) || fileOrName.AsSpan().ContainsAny('/', '\\'))
        {
            return fileOrName;
        }

        var weights = Path.Combine("data", "weights", $"{fileOrName}.onnx");
        return ServedVersion(Path.Combine(Repository, fileOrName)) ?? (File.Exists(weights) ? weights : fileOrName);
    }

    // The file named default gives the served version. Without this file, the highest version is served.
    private static string? ServedVersion(string model)
    {
        if (!Directory.Exists(model))
        {
            return null;
        }

        var chosen = Path.Combine(model, "default");
        IEnumerable<string> versions = File.Exists(chosen)
            ? [File.ReadAllText(chosen).Trim()]
            : Directory.EnumerateDirectories(model).Select(folder => Path.GetFileName(folder))
                .Where(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                .OrderByDescending(name => int.Parse(name, CultureInfo.InvariantCulture));
        return versions.Select(version => Path.Combine(model, version, FileName)).FirstOrDefault(File.Exists);
    }
}
