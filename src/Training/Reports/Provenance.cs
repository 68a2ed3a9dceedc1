using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Fovea.Models;
using Microsoft.ML;
using SkiaSharp;

namespace Fovea.Training;

/// <summary>What a trained file is, and all that is needed to train it again.</summary>
/// <param name="File">Its name, without a folder.</param>
/// <param name="Sha256">SHA-256 of its bytes, in hexadecimal.</param>
/// <param name="Architecture">The catalog's name of the network; null for a foreign one.</param>
/// <param name="Base">The file that training began with; null for random weights.</param>
/// <param name="Training">What the file's own metadata say about its training.</param>
/// <param name="Settings">What the run was told, by name.</param>
/// <param name="Finished">When the report was written.</param>
/// <param name="Seconds">How long training took.</param>
/// <param name="Versions">Versions of Fovea, of the packages that decide the numbers, and of the system, by name.</param>
/// <param name="Refused">Files of the data set that were left out.</param>
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
    /// <summary>The provenance of a file that a run has written.</summary>
    public static Provenance Of(string modelFile, ModelMetadata metadata, RunRecord run)
    {
        using var file = System.IO.File.OpenRead(modelFile);
        return new(
            Path.GetFileName(modelFile), Convert.ToHexStringLower(SHA256.HashData(file)), metadata.Architecture, run.Base, metadata.Training, run.Settings,
            TimeProvider.System.GetUtcNow(), run.Seconds, InstalledVersions,
            [.. (run.Refused ?? []).Select(refused => refused with { File = Mistake.ShortPath(refused.File) })]);
    }

    private static IReadOnlyDictionary<string, string> InstalledVersions { get; } = new OrderedDictionary<string, string>
    {
        ["Fovea"] = VersionOf(typeof(Classifier)),
        ["ONNX Runtime"] = Microsoft.ML.OnnxRuntime.OrtEnv.Instance().GetVersionString(),
        ["ML.NET"] = VersionOf(typeof(MLContext)),
        ["SkiaSharp"] = VersionOf(typeof(SKBitmap)),
        [".NET"] = Environment.Version.ToString(),
        ["System"] = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} processors",
    };

    // Behind it stands the commit.
    private static string VersionOf(Type type) =>
        type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+', '-')[0] ?? type.Assembly.GetName().Version!.ToString();
}
