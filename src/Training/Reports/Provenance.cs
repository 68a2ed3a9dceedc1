using System.Security.Cryptography;
using Fovea.Models.Metadata;
using Fovea.Training.Datasets;
using Fovea.Training.Recipes;

namespace Fovea.Training.Reports;

/// <summary>The origin of a trained file: everything needed to train it again.</summary>
/// <param name="File">The file's name without its folder.</param>
/// <param name="Sha256">The SHA-256 of the file, in lower-case hexadecimal.</param>
/// <param name="Architecture">The network's name in the catalog; null for a network from elsewhere.</param>
/// <param name="Base">The name of the network from which training started; null for random weights.</param>
/// <param name="Training">The training record in the file's metadata.</param>
/// <param name="Settings">The settings of the run.</param>
/// <param name="Finished">The time at which the report was written, UTC.</param>
/// <param name="Seconds">The training time in seconds.</param>
/// <param name="Versions">The versions of Fovea, of the packages that affect the results, and of the system.</param>
/// <param name="Refused">The files that were left out of the data set.</param>
internal sealed record Provenance(
    string File,
    string Sha256,
    string? Architecture,
    string? Base,
    TrainingRecord? Training,
    RunSettings Settings,
    DateTimeOffset Finished,
    double Seconds,
    InstalledVersions Versions,
    IReadOnlyList<SkippedFile> Refused)
{
    // A file with this name is usually in a folder that is named after the model, so the file's name does not identify the model.
    private const string Nameless = "model";

    /// <summary>
    /// The model's name: the name that was given; without one, the file's name, or the network's name if the file is called model.
    /// </summary>
    public string Model { get; init; } =
        Path.GetFileNameWithoutExtension(File) is var stem && stem == Nameless && Architecture is not null ? Architecture : stem;

    /// <summary>Collects the provenance of a trained file.</summary>
    /// <param name="modelFile">The path of the file.</param>
    /// <param name="metadata">The file's metadata.</param>
    /// <param name="run">The run that wrote the file.</param>
    public static Provenance Of(string modelFile, ModelMetadata metadata, RunRecord run)
    {
        using var file = System.IO.File.OpenRead(modelFile);
        var provenance = new Provenance(
            Path.GetFileName(modelFile),
            Convert.ToHexStringLower(SHA256.HashData(file)),
            metadata.Architecture,
            run.Base ?? metadata.Training?.Base?.File,
            metadata.Training,
            run.Settings,
            TimeProvider.System.GetUtcNow(),
            run.Seconds,
            InstalledVersions.Now,
            [.. (run.Refused ?? []).Select(refused => refused with { File = Mistake.ShortPath(refused.File) })]);
        return run.Report.Model is { } name ? provenance with { Model = name } : provenance;
    }
}
