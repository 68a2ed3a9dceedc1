using System.Text;
using Fovea.Models.Errors;
using Fovea.Models.Files;

namespace Fovea.Api.ModelRepository;

/// <summary>Writes two files of a model's folder: default names the version that serves, and previous the version before it.</summary>
/// <param name="Model">The model's folder.</param>
internal sealed record VersionChoice(string Model)
{
    /// <summary>Writes one of the two files atomically: readers see the old content or the new content.</summary>
    /// <param name="file"><see cref="ModelFolder.Default"/> or <see cref="ModelFolder.Previous"/>.</param>
    /// <param name="content">A version's number, or <see cref="ModelFolder.None"/>.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>.</exception>
    public void Write(string file, string content) =>
        AtomicFile.Write(Path.Combine(Model, file), stream => stream.Write(Encoding.ASCII.GetBytes($"{content}\n")));

    /// <summary>Deletes one of the two files if it exists.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>.</exception>
    public void Forget(string file)
    {
        try
        {
            File.Delete(Path.Combine(Model, file));
        }
        catch (DirectoryNotFoundException)
        {
            // Another service has deleted the model's folder, so the file does not exist any more.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(
                ErrorCode.CannotWrite,
                $"{Path.GetFileName(Model)}/{file} cannot be deleted: {e.Message.TrimEnd('.')}.",
                e);
        }
    }

    /// <summary>Restores the earlier content of one of the two files; null: the file did not exist, so it is deleted.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>.</exception>
    public void Restore(string file, string? content)
    {
        if (content is null)
        {
            Forget(file);
        }
        else
        {
            Write(file, content);
        }
    }

    /// <summary>Deletes the model's folder if it is empty.</summary>
    public void DeleteFolderIfEmpty()
    {
        try
        {
            Directory.Delete(Model);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The folder is not empty, or another service has deleted it. An empty folder that remains does no harm.
        }
    }
}
