using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// The files of a job, on a disk that all workers share: the model that it begins with, and a folder for the worker that has it, named after the job's fencing number. Whoever takes the job
/// over renames that folder, so what the one before may still write goes nowhere.
/// </summary>
internal sealed class JobFolder
{
    private const string Attempt = "attempt-", ModelName = "model";

    private readonly string folder, attempt;

    private JobFolder(string folder, string attempt) => (this.folder, this.attempt) = (folder, attempt);

    /// <summary>The model that training begins with.</summary>
    public string Base => Path.Combine(folder, "base.onnx");

    /// <summary>How images become its input.</summary>
    public string Preprocessing => Path.ChangeExtension(Base, ".json");

    /// <summary>What training writes.</summary>
    public string Model => Path.Combine(attempt, $"{ModelName}.onnx");

    /// <summary>The report as a page; the last file of a run.</summary>
    public string Page => Path.Combine(attempt, $"{ModelName}.html");

    /// <summary>The report for programs.</summary>
    public string Report => Path.Combine(attempt, $"{ModelName}.report.json");

    /// <summary>Whether there is a checkpoint to go on from.</summary>
    public bool HasCheckpoint => File.Exists($"{Model}.checkpoint");

    /// <summary>Whether the model is trained: its report is there, and is about this very file.</summary>
    public bool IsTrained => File.Exists(Model) && File.Exists(Page) && File.Exists(Report) && ReportedHash() == HashOf(Model);

    /// <summary>The folder of a job, as the last worker left it.</summary>
    public static JobFolder Of(Settings settings, string job)
    {
        var folder = PathOf(settings, job);
        return new(folder, Newest(folder) ?? Path.Combine(folder, $"{Attempt}0"));
    }

    /// <summary>The folder of a job, for a worker that takes it with this fencing number.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>.</exception>
    public static JobFolder Take(Settings settings, string job, long fence) => Writing(() =>
    {
        var folder = PathOf(settings, job);
        var attempt = Path.Combine(folder, $"{Attempt}{fence}");
        Directory.CreateDirectory(folder);
        if (Newest(folder) is { } last)
        {
            Directory.Move(last, attempt);
        }
        else
        {
            Directory.CreateDirectory(attempt);
        }

        return new JobFolder(folder, attempt);
    });

    /// <summary>Copies the model that training begins with, which may be deleted from the repository before the job is done.</summary>
    /// <exception cref="FoveaException">There is no such version any more, or the disk cannot be written to.</exception>
    public void CopyBase(string model, int version)
    {
        var source = Path.Combine(model, $"{version}");
        var file = Path.Combine(source, VersionFolder.ModelFile);
        if (File.Exists(Base))
        {
            return;
        }

        if (!File.Exists(file))
        {
            throw new FoveaException(ErrorCode.UnknownModel, $"Version {version} of {Path.GetFileName(model)} is gone; expected it to stay until the job that begins with it has begun.");
        }

        ModelJson.Write(Preprocessing, ModelLoader.Describe(source, model).Preprocessing
            ?? throw new FoveaException(ErrorCode.BadModelFile, $"{Path.GetFileName(model)} does not say how images become its input; expected its preprocessing in the file, or a model.json beside it."));
        AtomicFile.Write(Base, stream =>
        {
            using var source = File.OpenRead(file);
            source.CopyTo(stream);
        });
    }

    /// <summary>Deletes it all.</summary>
    public void Delete()
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Deletes what training needed for itself: the model that it began with, its checkpoints, and its own copy of the model that came out.</summary>
    public void DeleteAllButReport()
    {
        if (Directory.Exists(folder))
        {
            foreach (var file in Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Where(file => file != Page && file != Report))
            {
                File.Delete(file);
            }
        }
    }

    /// <summary>A sentence without where the folders of jobs and data sets lie, which is nothing to callers.</summary>
    public static string WithoutPlace(string sentence, Settings settings) => sentence.Replace(settings.Data + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);

    /// <summary>Whether two files hold the same.</summary>
    public static bool AreEqual(string one, string other) => HashOf(one) == HashOf(other);

    // SHA-256, in hexadecimal.
    private static string HashOf(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static string PathOf(Settings settings, string job) => Path.Combine(settings.Data, "fine-tuning", job);

    private static string? Newest(string folder) => !Directory.Exists(folder) ? null
        : Directory.GetDirectories(folder, $"{Attempt}*").MaxBy(path => long.Parse(Path.GetFileName(path)[Attempt.Length..], CultureInfo.InvariantCulture));

    private static T Writing<T>(Func<T> act)
    {
        try
        {
            return act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(ErrorCode.CannotWrite, $"The folder of the jobs cannot be written to: {e.Message.TrimEnd('.')}. Expected Fovea:Data to be a folder that the service may write to, with enough room.", e);
        }
    }

    private string? ReportedHash()
    {
        using var report = JsonDocument.Parse(File.ReadAllBytes(Report));
        return report.RootElement.GetProperty("provenance").GetProperty("sha256").GetString();
    }
}
