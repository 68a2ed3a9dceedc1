using System.Globalization;
using System.Text.Json;
using Fovea.Api.Configuration;
using Fovea.Api.ModelRepository;
using Fovea.Api.Problems;
using Fovea.Api.Storage;
using Fovea.Models.Errors;

namespace Fovea.Api.Workers;

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

    /// <summary>
    /// The preprocessing of that model, a JSON file; null if the model file has it. A job that an older service has begun has such a file.
    /// </summary>
    public string? Preprocessing => Path.ChangeExtension(Base, ".json") is var path && File.Exists(path) ? path : null;

    /// <summary>The trained model file.</summary>
    public string Model => Path.Combine(attempt, $"{ModelName}.onnx");

    /// <summary>The model file that the trained one is compared with.</summary>
    public string Incumbent => Path.Combine(attempt, "incumbent.onnx");

    /// <summary>The report as an HTML page. Training writes it last.</summary>
    public string Page => Path.Combine(attempt, $"{ModelName}.html");

    /// <summary>The report as JSON.</summary>
    public string Report => Path.Combine(attempt, $"{ModelName}.report.json");

    /// <summary>Whether there is a checkpoint to resume from.</summary>
    public bool HasCheckpoint => File.Exists($"{Model}.checkpoint");

    /// <summary>Whether training is complete: the report exists and names the SHA-256 of the model file.</summary>
    public bool IsTrained => File.Exists(Model) && File.Exists(Page) && File.Exists(Report) && ReportedHash() == FileHash.Sha256Of(Model);

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

    /// <summary>
    /// Copies the base model from the repository, once, since it may be deleted there before the job ends. The copy has in it all that lies
    /// beside the original: labels, preprocessing, settings of other software, and weights in other files.
    /// </summary>
    /// <param name="model">The folder of the model.</param>
    /// <param name="version">The version of it.</param>
    /// <param name="time">The clock that files are dated by.</param>
    /// <exception cref="RefusalException">
    /// The version was deleted, or is being written, or has no preprocessing; or the disk cannot be written to.
    /// </exception>
    public void CopyBase(string model, int version, TimeProvider time)
    {
        if (File.Exists(Base))
        {
            return;
        }

        var source = ModelFolder.Read(model).Versions.FirstOrDefault(known => known.Number == version) ?? throw new ServiceException(
            ServiceError.UnknownModel,
            $"Version {version} of {Path.GetFileName(model)} was deleted before the job began.");

        var copy = $"{Base}.copy";
        if (ModelLoader.CopyAlone(source, copy, time).Preprocessing is null)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"{Path.GetFileName(model)} has no preprocessing; expected fovea.preprocessing in the file, or a model.json beside it.");
        }

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
