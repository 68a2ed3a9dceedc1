using System.Globalization;
using System.Text.RegularExpressions;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;

namespace Fovea.Training.Commands;

/// <summary>
/// Adds a trained file to a model repository as the next version of a model, <c>REPOSITORY/NAME/N/model.onnx</c>. The publisher fills the
/// version's folder under a temporary name and then renames it, so a service that watches the repository never sees half a version.
/// </summary>
/// <param name="repository">The repository's folder; the publisher creates it if it is missing.</param>
/// <param name="name">The model's name.</param>
internal sealed partial class RepositoryPublisher(string repository, string name)
{
    private const string ModelFile = "model.onnx", Default = "default", Staging = ".publishing-";

    private readonly string folder = Path.Combine(repository, name);

    /// <summary>Checks that a file with these labels can become a version, before the training, which may take hours.</summary>
    /// <exception cref="FoveaException">
    /// The name is not allowed for a model, the repository cannot be written to, the model is a single file without folders for versions,
    /// or its newest version has other labels.
    /// </exception>
    public void Check(IReadOnlyList<string> labels)
    {
        if (!Allowed().IsMatch(name) || name.Contains("..", StringComparison.Ordinal))
        {
            throw new FoveaException(
                ErrorCode.BadArgument,
                $"--publish is {name}; expected 1 to 100 characters, each a letter, a digit, '.', '_' or '-'. The first must be a letter "
                    + "or a digit, and '..' is not allowed.");
        }

        AtomicFile.EnsureWritable(Path.Combine(repository, $"{Staging}{name}"));
        var flat = new[] { Path.Combine(repository, $"{name}.onnx"), Path.Combine(folder, ModelFile) };
        if (flat.FirstOrDefault(File.Exists) is { } file)
        {
            throw new FoveaException(
                ErrorCode.BadArgument,
                $"{file} is the only version of {name}; expected versions in folders, such as {name}/1/{ModelFile}.");
        }

        var newest = Path.Combine(folder, Text(Newest()), ModelFile);
        if (File.Exists(newest) && ModelMetadata.Read(OnnxFile.Read(newest).Metadata).Labels is { } known && !known.SequenceEqual(labels))
        {
            throw new FoveaException(
                ErrorCode.BadArgument,
                $"{newest} has the classes {string.Join(", ", known)}, and the data set has {string.Join(", ", labels)}; expected a model "
                + "of another name.");
        }
    }

    /// <summary>Adds the file as the next version.</summary>
    /// <param name="file">The trained file.</param>
    /// <returns>The version, its file, and whether a service will serve this version by default.</returns>
    /// <exception cref="FoveaException">The repository cannot be written to.</exception>
    public (int Version, string Path, bool Serves) Publish(string file)
    {
        var staged = Path.Combine(repository, string.Create(CultureInfo.InvariantCulture, $"{Staging}{Guid.NewGuid():N}"));
        try
        {
            AtomicFile.Write(Path.Combine(staged, ModelFile), copy =>
            {
                using var source = File.OpenRead(file);
                source.CopyTo(copy);
            });
            Directory.CreateDirectory(folder);
            int version = MoveToNextVersion(staged);
            return (version, Path.Combine(folder, Text(version), ModelFile), !File.Exists(Path.Combine(folder, Default)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(
                ErrorCode.CannotWrite,
                $"{folder} cannot be written to: {FileFailure.Reason(e, folder)}. The trained file is {file}; expected a repository that "
                + "can be written to.",
                e);
        }
        finally
        {
            if (Directory.Exists(staged))
            {
                Directory.Delete(staged, recursive: true);
            }
        }
    }

    // Another process may take the same number first; then the move fails, since the folder exists.
    private int MoveToNextVersion(string staged)
    {
        while (true)
        {
            int version = Newest() + 1;
            var place = Path.Combine(folder, Text(version));
            try
            {
                Directory.Move(staged, place);
                return version;
            }
            catch (IOException) when (Directory.Exists(place))
            {
                // Another process took this number. Try the next one.
            }
        }
    }

    private int Newest() => !Directory.Exists(folder) ? 0 : Directory.GetDirectories(folder)
        .Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0)
        .DefaultIfEmpty(0).Max();

    private static string Text(int version) => version.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,99}\z")]
    private static partial Regex Allowed();
}
