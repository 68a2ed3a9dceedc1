using System.Runtime.InteropServices;
using System.Text.Json;
using Fovea.Api.Configuration;
using Fovea.Api.Scheduling;
using Fovea.Api.Telemetry;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;

namespace Fovea.Api.Tuning;

/// <summary>
/// The results of tuning, saved in <c>batch-sizes.json</c> in the folder <see cref="Settings.Data"/>. An entry is valid for the bytes of
/// one model file, one kind of GPU, one kind and number of processors, one version of ONNX Runtime, and one list of rewrites with their
/// versions. If the folder cannot be written to, the service measures the models again at its next start.
/// </summary>
internal sealed class SizesFile(Settings settings, ILogger<SizesFile> log)
{
    private const string ProcessorFile = "/proc/cpuinfo";

    private static readonly string Machine =
        $"{Processor()} x{Environment.ProcessorCount} onnxruntime {Sessions.Version} rewrites {Classifier.RewritesVersion}";

    private readonly string path = Path.Combine(settings.Data, "batch-sizes.json");
    private readonly Lock gate = new();

    /// <summary>Returns the key of an entry. Sizes that were measured under one key are not used under another.</summary>
    /// <param name="sha256">The SHA-256 of the model file, in hexadecimal.</param>
    /// <param name="device">The device that runs the model: <see cref="Device.Name"/>.</param>
    /// <param name="maxBatch">The largest number of images in a run.</param>
    /// <param name="twins">The file's quantised twins; null: none. The key has the SHA-256 of each that can be used.</param>
    public static string Key(string sha256, string device, int maxBatch, IReadOnlyList<QuantizedTwin>? twins = null)
    {
        var usable = twins?.Where(twin => twin.Sha256 is not null).Select(twin => $" {Name(twin.Numbers)} {twin.Sha256}") ?? [];
        return $"{sha256}{string.Concat(usable)} {device}, batches up to {maxBatch}, {Machine}";
    }

    /// <summary>Returns the sizes that were saved under a key; null if there are none.</summary>
    public IReadOnlyList<MeasuredSize>? Find(string key) => Read().GetValueOrDefault(key);

    /// <summary>Saves sizes under a key. If the file cannot be written, this is logged and nothing is saved.</summary>
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

    // Reads the file. Entries with an impossible size or speed are left out: they were not written by this service.
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

    private static string Name(QuantizedNumbers numbers) => numbers == QuantizedNumbers.Int8 ? "int8" : "fp16";

    private static bool IsUsable(MeasuredSize size) => size is { Size: > 0, ImagesPerSecond: > 0 };

    // Returns the processor's family, model and name. Hypervisors shorten the name, so several generations of processors may have the same
    // name; the numbers of family and model distinguish them.
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
