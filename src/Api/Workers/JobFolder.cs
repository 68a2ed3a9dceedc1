using System.Globalization;
using System.Text.Json;
using Fovea.Api.Configuration;
using Fovea.Api.ModelRepository;
using Fovea.Api.Problems;
using Fovea.Api.Storage;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.TrainingEvents;

namespace Fovea.Api.Workers;

/// <summary>
/// The files of a job, on a disk that all workers share: the model that training starts from, and a folder for the worker that holds the
/// job. The name of this folder ends with the job's fencing number. A worker that takes the job over renames the folder, so later writes
/// of the former worker fail.
/// </summary>
internal sealed class JobFolder
{
    private const string Prefix = "attempt-", ModelName = "model";

    private readonly string folder, attempt;

    private JobFolder(string folder, string attempt) => (this.folder, this.attempt) = (folder, attempt);

    /// <summary>The path of the model file that training starts from.</summary>
    public string Base => Path.Combine(folder, "base.onnx");

    /// <summary>
    /// The path of a JSON file with the base model's preprocessing. Only jobs that an older release began have this file; null otherwise,
    /// because the model file itself has its preprocessing.
    /// </summary>
    public string? Preprocessing => Path.ChangeExtension(Base, ".json") is var path && File.Exists(path) ? path : null;

    /// <summary>The path of the folder of the worker that holds the job.</summary>
    public string Attempt => attempt;

    /// <summary>The path of the trained model file.</summary>
    public string Model => Path.Combine(attempt, $"{ModelName}.onnx");

    /// <summary>The path of the model file that the trained model is compared with.</summary>
    public string Incumbent => Path.Combine(attempt, "incumbent.onnx");

    /// <summary>The path of the report as an HTML page. Training writes this file last.</summary>
    public string Page => Path.Combine(attempt, $"{ModelName}.html");

    /// <summary>The path of the report as JSON.</summary>
    public string Report => Path.Combine(attempt, $"{ModelName}.report.json");

    /// <summary>Whether there is a checkpoint to resume from.</summary>
    public bool HasCheckpoint => File.Exists(CheckpointPath);

    /// <summary>Whether training is complete: the report exists and names the SHA-256 of the model file.</summary>
    public bool IsTrained => File.Exists(Model) && File.Exists(Page) && File.Exists(Report) && ReportedHash() == FileHash.Sha256Of(Model);

    /// <summary>Returns the epochs in the report, in order; none if training had no epochs.</summary>
    public IReadOnlyList<EpochDone> ReportedEpochs()
    {
        using var report = JsonDocument.Parse(File.ReadAllBytes(Report));
        return report.RootElement.GetProperty("epochs").Deserialize<EpochDone[]>(JsonSerializerOptions.Web)!;
    }

    /// <summary>Returns the files of a job for reading: those of the newest attempt.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Unavailable"/>: the disk of the files is gone.</exception>
    public static JobFolder Of(Settings settings, string job)
    {
        var folder = PathOf(settings, job);
        SharedDisk.Require(folder, "The folder of the jobs");
        return new(folder, Newest(folder) ?? Path.Combine(folder, $"{Prefix}0"));
    }

    /// <summary>
    /// Returns the files of a job for the worker that holds the job with this fencing number. Renames the folder of the former worker. May
    /// be called again with the same number.
    /// </summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>.</exception>
    /// <exception cref="OperationCanceledException">A worker with a higher fencing number has taken the folder.</exception>
    public static JobFolder Take(Settings settings, string job, long fence) => Writing(() =>
    {
        var folder = PathOf(settings, job);
        var attempt = Path.Combine(folder, $"{Prefix}{fence}");
        FixedFolders.MakeFolder(folder);
        if (Newest(folder) is { } last && NumberOf(last) is var number && number != fence)
        {
            // If another worker renames the folder first, this call fails, because the old name is gone.
            Directory.Move(
                number < fence ? last : throw new OperationCanceledException($"{job} was taken over by another worker."), attempt);
        }
        else
        {
            FixedFolders.MakeFolder(attempt);
        }

        return new JobFolder(folder, attempt);
    });

    /// <summary>
    /// Copies the base model from the repository, unless that is done already, because the model may be deleted there before the job ends.
    /// The copy is one file. It contains what lies in files beside the original: labels, preprocessing, settings of other software, and
    /// weights.
    /// </summary>
    /// <param name="model">The path of the model's folder in the repository.</param>
    /// <param name="version">The number of the version to copy.</param>
    /// <param name="time">The clock that gives the age of the files.</param>
    /// <exception cref="RefusalException">
    /// The version was deleted, is being written, or has no preprocessing; or the disk cannot be written to.
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

    /// <summary>Deletes the checkpoint and the report, so that training begins anew.</summary>
    public void DeleteTraining()
    {
        File.Delete(Report);
        File.Delete(CheckpointPath);
    }

    /// <summary>Deletes all files of the job.</summary>
    /// <exception cref="IOException">A file cannot be deleted, or the disk is gone.</exception>
    public void Delete()
    {
        FixedFolders.RequireAbove(folder);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Deletes all files except the report: the base model, the checkpoints, and the job's copy of the trained model.</summary>
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

    private string CheckpointPath => $"{Model}.checkpoint";

    private static string PathOf(Settings settings, string job) => Path.Combine(settings.Data, "fine-tuning", job);

    private static string? Newest(string folder) =>
        Directory.Exists(folder) ? Directory.GetDirectories(folder, $"{Prefix}*").MaxBy(NumberOf) : null;

    private static long NumberOf(string attempt) => long.Parse(Path.GetFileName(attempt)[Prefix.Length..], CultureInfo.InvariantCulture);

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
