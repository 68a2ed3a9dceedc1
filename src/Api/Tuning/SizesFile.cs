using System.Runtime.InteropServices;
using System.Text.Json;
using Fovea.Api.Configuration;
using Fovea.Api.Scheduling;
using Fovea.Api.Telemetry;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;

namespace Fovea.Api.Tuning;

/// <summary>
/// Remembers how models ran best, in <c>batch-sizes.json</c> under <see cref="Settings.Data"/>. An entry counts for one content of a model
/// file, one kind of processor, one version of ONNX Runtime and one list of rewrites with their versions. If the folder cannot be written
/// to, models are measured anew at the next start.
/// </summary>
internal sealed class SizesFile(Settings settings, ILogger<SizesFile> log)
{
    private const string ProcessorFile = "/proc/cpuinfo";

    private static readonly string Machine =
        $"{Processor()} x{Environment.ProcessorCount} onnxruntime {Sessions.Version} rewrites {Classifier.RewritesVersion}";

    private readonly string path = Path.Combine(settings.Data, "batch-sizes.json");
    private readonly Lock gate = new();

    /// <summary>The key of an entry: sizes that were measured for one key are not used for another.</summary>
    /// <param name="sha256">The SHA-256 of the model file.</param>
    /// <param name="provider">What the model runs on: cpu or cuda.</param>
    /// <param name="maxBatch">The most images of a run.</param>
    /// <param name="twin">The SHA-256 of the file's quantised twin; null for none.</param>
    public static string Key(string sha256, string provider, int maxBatch, string? twin = null) =>
        $"{sha256}{(twin is null ? "" : $" int8 {twin}")} {provider}, batches up to {maxBatch}, {Machine}";

    /// <summary>The sizes remembered under a key; null where there are none.</summary>
    public IReadOnlyList<MeasuredSize>? Find(string key) => Read().GetValueOrDefault(key);

    /// <summary>Remembers sizes under a key.</summary>
    public void Remember(string key, IReadOnlyList<MeasuredSize> sizes)
    {
        lock (gate)
        {
            var all = Read();
            all[key] = [.. sizes];
            try
            {
                AtomicFile.Write(
                    path,
                    stream => JsonSerializer.Serialize(stream, all, TuningJson.Default.DictionaryStringMeasuredSizeArray),
                    isPrivate: true);
            }
            catch (RefusalException e)
            {
                log.NotRemembered(e.Message);
            }
        }
    }

    // An entry without a size that can be run was not written by this service.
    private Dictionary<string, MeasuredSize[]> Read()
    {
        try
        {
            var all = File.Exists(path)
                ? JsonSerializer.Deserialize(File.ReadAllBytes(path), TuningJson.Default.DictionaryStringMeasuredSizeArray) ?? []
                : [];
            return all.Where(entry => entry.Value is { Length: > 0 } sizes && sizes.All(IsUsable)).ToDictionary();
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            log.NotRemembered(e.Message);
            return [];
        }
    }

    private static bool IsUsable(MeasuredSize size) => size is { Size: > 0, ImagesPerSecond: > 0 };

    // Hypervisors shorten the name, so that several generations share it; family and model tell them apart.
    private static string Processor()
    {
        var first = File.Exists(ProcessorFile) ? File.ReadLines(ProcessorFile).TakeWhile(line => line.Length > 0) : [];
        string[] known =
        [
            .. from line in first
               let field = line.Split(':', 2, StringSplitOptions.TrimEntries)
               where field is ["cpu family" or "model" or "model name", _]
               select field[1],
        ];
        return known.Length > 0 ? string.Join(' ', known) : RuntimeInformation.ProcessArchitecture.ToString();
    }
}
