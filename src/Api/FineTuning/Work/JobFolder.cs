using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// The files of a job, on a disk that all workers share: the model that training starts from, and the folder of the worker that holds the
/// job, named after the job's fencing number. A worker that takes the job over renames the folder, so later writes of the former worker
/// fail.
/// </summary>
internal sealed class JobFolder
{
    private const string Attempt = "attempt-", ModelName = "model";

    private readonly string folder, attempt;

    private JobFolder(string folder, string attempt) => (this.folder, this.attempt) = (folder, attempt);

    /// <summary>The model file that training starts from.</summary>
    public string Base => Path.Combine(folder, "base.onnx");

    /// <summary>The preprocessing of that model, a JSON file.</summary>
    public string Preprocessing => Path.ChangeExtension(Base, ".json");

    /// <summary>The trained model file.</summary>
    public string Model => Path.Combine(attempt, $"{ModelName}.onnx");

    /// <summary>The report as an HTML page. Training writes it last.</summary>
    public string Page => Path.Combine(attempt, $"{ModelName}.html");

    /// <summary>The report as JSON.</summary>
    public string Report => Path.Combine(attempt, $"{ModelName}.report.json");

    /// <summary>Whether there is a checkpoint to resume from.</summary>
    public bool HasCheckpoint => File.Exists($"{Model}.checkpoint");

    /// <summary>Whether training is complete: the report exists and names the SHA-256 of the model file.</summary>
    public bool IsTrained => File.Exists(Model) && File.Exists(Page) && File.Exists(Report) && ReportedHash() == HashOf(Model);

    /// <summary>The folder of a job, for reading: the newest attempt.</summary>
    public static JobFolder Of(Settings settings, string job)
    {
        var folder = PathOf(settings, job);
        return new(folder, Newest(folder) ?? Path.Combine(folder, $"{Attempt}0"));
    }

    /// <summary>
    /// The folder of a job, for the worker that holds it with this fencing number. It may be called again with the same number.
    /// </summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>.</exception>
    /// <exception cref="OperationCanceledException">A worker with a higher number has taken the folder.</exception>
    public static JobFolder Take(Settings settings, string job, long fence) => Writing(() =>
    {
        var folder = PathOf(settings, job);
        var attempt = Path.Combine(folder, $"{Attempt}{fence}");
        Directory.CreateDirectory(folder);
        if (Newest(folder) is { } last && NumberOf(last) is var number && number != fence)
        {
            // If another worker renames the folder first, this fails, since the old name is gone.
            Directory.Move(number < fence ? last : throw new OperationCanceledException($"{job} was taken over."), attempt);
        }
        else
        {
            Directory.CreateDirectory(attempt);
        }

        return new JobFolder(folder, attempt);
    });

    /// <summary>Copies the base model from the repository, once, since it may be deleted there before the job ends.</summary>
    /// <param name="model">The folder of the model.</param>
    /// <param name="version">The version of it.</param>
    /// <param name="time">The clock that files are dated by.</param>
    /// <exception cref="FoveaException">
    /// The version was deleted, or is being written, or has no preprocessing; or the disk cannot be written to.
    /// </exception>
    public void CopyBase(string model, int version, TimeProvider time)
    {
        if (File.Exists(Base))
        {
            return;
        }

        var source = ModelFolder.Read(model).Versions.FirstOrDefault(known => known.Number == version) ?? throw new FoveaException(
            ErrorCode.UnknownModel,
            $"Version {version} of {Path.GetFileName(model)} was deleted; expected it to stay until the job has begun.");

        // The copy and the preprocessing are of the same files: a copy that was made while they changed is made again.
        var copy = $"{Base}.copy";
        source.ReadUnchanged(
            now =>
            {
                ModelJson.Write(Preprocessing, ModelLoader.Describe(now.Path, model).Preprocessing ?? throw new FoveaException(
                    ErrorCode.BadModelFile,
                    $"{Path.GetFileName(model)} has no preprocessing; "
                        + "expected fovea.preprocessing in the file, or a model.json beside it."));
                AtomicFile.Write(copy, stream =>
                {
                    using var file = File.OpenRead(Path.Combine(now.Path, VersionFolder.ModelFile));
                    file.CopyTo(stream);
                });
                return copy;
            },
            time);
        File.Move(copy, Base, overwrite: true);
    }

    /// <summary>Deletes all files of the job.</summary>
    public void Delete()
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Deletes all files but the report: the base model, the checkpoints, and this folder's copy of the trained model.</summary>
    public void DeleteAllButReport()
    {
        if (Directory.Exists(folder))
        {
            var files = Directory.GetFiles(folder, "*", SearchOption.AllDirectories);
            foreach (var file in files.Where(file => file != Page && file != Report))
            {
                File.Delete(file);
            }
        }
    }

    /// <summary>Whether two files have the same bytes.</summary>
    public static bool AreEqual(string one, string other) => HashOf(one) == HashOf(other);

    // SHA-256, in hexadecimal.
    private static string HashOf(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static string PathOf(Settings settings, string job) => Path.Combine(settings.Data, "fine-tuning", job);

    private static string? Newest(string folder) =>
        Directory.Exists(folder) ? Directory.GetDirectories(folder, $"{Attempt}*").MaxBy(NumberOf) : null;

    private static long NumberOf(string attempt) => long.Parse(Path.GetFileName(attempt)[Attempt.Length..], CultureInfo.InvariantCulture);

    private static T Writing<T>(Func<T> act)
    {
        try
        {
            return act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(
                ErrorCode.CannotWrite,
                $"The folder of the jobs cannot be written to: {e.Message.TrimEnd('.')}. "
                    + "Expected Fovea:Data to be a folder that the service may write to, with enough free space.",
                e);
        }
    }

    private string? ReportedHash()
    {
        using var report = JsonDocument.Parse(File.ReadAllBytes(Report));
        return report.RootElement.GetProperty("provenance").GetProperty("sha256").GetString();
    }
}
