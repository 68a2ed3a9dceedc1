using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Fovea.Models;
using Microsoft.ML;
using SkiaSharp;

namespace Fovea.Training;

/// <summary>The origin of a trained file: everything needed to train it again.</summary>
/// <param name="File">The file's name without its folder.</param>
/// <param name="Sha256">The SHA-256 of the file, in lower-case hexadecimal.</param>
/// <param name="Architecture">The network's name in the catalog; null for a network from elsewhere.</param>
/// <param name="Base">The name of the file from which training started; null for random weights.</param>
/// <param name="Training">The training record in the file's metadata.</param>
/// <param name="Settings">The settings of the run by name, as <see cref="RunSettings.ByName"/> returns them.</param>
/// <param name="Finished">The time at which the report was written, UTC.</param>
/// <param name="Seconds">The training time in seconds.</param>
/// <param name="Versions">The versions, by name, of Fovea, of the packages that affect the results, and of the system.</param>
/// <param name="Refused">The files that were left out of the data set.</param>
internal sealed record Provenance(
    string File,
    string Sha256,
    string? Architecture,
    string? Base,
    TrainingRecord? Training,
    IReadOnlyDictionary<string, string> Settings,
    DateTimeOffset Finished,
    double Seconds,
    IReadOnlyDictionary<string, string> Versions,
    IReadOnlyList<RefusedFile> Refused)
{
    /// <summary>Collects the provenance of a trained file.</summary>
    /// <param name="modelFile">The path of the file.</param>
    /// <param name="metadata">The file's metadata.</param>
    /// <param name="run">The run that wrote the file.</param>
    public static Provenance Of(string modelFile, ModelMetadata metadata, RunRecord run)
    {
        using var file = System.IO.File.OpenRead(modelFile);
        return new(
            Path.GetFileName(modelFile),
            Convert.ToHexStringLower(SHA256.HashData(file)),
            metadata.Architecture,
            run.Base,
            metadata.Training,
            run.Settings.ByName(),
            TimeProvider.System.GetUtcNow(),
            run.Seconds,
            InstalledVersions,
            [.. (run.Refused ?? []).Select(refused => refused with { File = Mistake.ShortPath(refused.File) })]);
    }

    private static IReadOnlyDictionary<string, string> InstalledVersions { get; } = new OrderedDictionary<string, string>
    {
        ["Fovea"] = VersionOf(typeof(Classifier)),
        ["ONNX Runtime"] = Microsoft.ML.OnnxRuntime.OrtEnv.Instance().GetVersionString(),
        ["ML.NET"] = VersionOf(typeof(MLContext)),
        ["SkiaSharp"] = VersionOf(typeof(SKBitmap)),
        [".NET"] = Environment.Version.ToString(),
        ["System"] =
            $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} processors",
    };

    // An informational version continues with "-" and a prerelease tag or "+" and a commit; both are cut off.
    private static string VersionOf(Type type) =>
        type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+', '-')[0]
        ?? type.Assembly.GetName().Version!.ToString();
}
