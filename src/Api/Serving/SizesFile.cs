using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// Remembers measured batch sizes in <c>batch-sizes.json</c> under <see cref="Settings.Data"/>. What was measured with another file, machine or runtime
/// does not count. A folder that cannot be written to means measuring again at the next start.
/// </summary>
internal sealed class SizesFile(Settings settings, ILogger<SizesFile> log)
{
    private const string ProcessorFile = "/proc/cpuinfo";

    private static readonly string Machine = $"{Processor()} x{Environment.ProcessorCount} onnxruntime {Sessions.Version} side by side, forms 2";

    private readonly string path = Path.Combine(settings.Data, "batch-sizes.json");

    /// <summary>What a measurement holds for: the model file by its SHA-256, the processor and the runtime.</summary>
    public static async Task<string> Key(string modelFile, CancellationToken stop)
    {
        await using var content = File.OpenRead(modelFile);
        return $"{Convert.ToHexStringLower(await SHA256.HashDataAsync(content, stop))} {Machine}";
    }

    /// <summary>What was remembered under a key; null where nothing was.</summary>
    public IReadOnlyList<MeasuredSize>? Find(string key) => Read().GetValueOrDefault(key);

    /// <summary>Remembers.</summary>
    public void Remember(string key, IReadOnlyList<MeasuredSize> sizes)
    {
        var all = Read();
        all[key] = [.. sizes];
        try
        {
            AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, all, ApiJson.Default.DictionaryStringMeasuredSizeArray));
        }
        catch (FoveaException e)
        {
            log.NotRemembered(e.Message);
        }
    }

    private Dictionary<string, MeasuredSize[]> Read()
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), ApiJson.Default.DictionaryStringMeasuredSizeArray) ?? [] : [];
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            log.NotRemembered(e.Message);
            return [];
        }
    }

    // The name alone may be the same for several generations, where a hypervisor shortens it.
    private static string Processor()
    {
        var first = File.Exists(ProcessorFile) ? File.ReadLines(ProcessorFile).TakeWhile(line => line.Length > 0) : [];
        string[] known = [.. first.Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries)).Where(field => field is ["cpu family" or "model" or "model name", _]).Select(field => field[1])];
        return known.Length > 0 ? string.Join(' ', known) : RuntimeInformation.ProcessArchitecture.ToString();
    }
}
