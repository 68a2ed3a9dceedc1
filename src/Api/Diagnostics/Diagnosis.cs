using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using Fovea.Api.ModelRepository;
using Fovea.Api.Problems;
using Fovea.Api.Scheduling;
using Fovea.Api.Serving;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;

namespace Fovea.Api.Diagnostics;

/// <summary>A report of the versions, device, threads, memory and models in use.</summary>
/// <param name="Versions">The versions of the service and its libraries.</param>
/// <param name="Device">The device that runs the networks.</param>
/// <param name="Threads">The numbers of threads.</param>
/// <param name="Memory">The memory of the process.</param>
/// <param name="Models">The loaded versions of models.</param>
/// <param name="Unclear">
/// One sentence for each .onnx file of the model repository that is not served, with the reason; left out if there are none.
/// </param>
internal sealed record Diagnosis(
    VersionsInUse Versions,
    DeviceInUse Device,
    ThreadsInUse Threads,
    MemoryInUse Memory,
    IReadOnlyList<LoadedModel> Models,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Unclear)
{
    /// <summary>Makes a report of the present state.</summary>
    public static Diagnosis Of(ModelStore models, Device device, PrivatePaths paths)
    {
        using var process = Process.GetCurrentProcess();
        return new(
            new(
                typeof(Diagnosis).Assembly.GetName().Version!.ToString(3),
                Sessions.Version,
                RuntimeInformation.FrameworkDescription,
                RuntimeInformation.OSDescription,
                $"{RuntimeInformation.ProcessArchitecture}"),
            new(device.Provider, device.Reason, device.FellBack, device.MissingLibraries, [.. Sessions.Providers]),
            new(Environment.ProcessorCount, Sessions.Threads, Sessions.SharesThreads, ThreadPool.ThreadCount),
            new(
                process.WorkingSet64,
                process.PeakWorkingSet64,
                GC.GetTotalMemory(forceFullCollection: false),
                GC.GetGCMemoryInfo().TotalAvailableMemoryBytes),
            [.. models.All.SelectMany(model => LoadedModel.Of(model, paths))],
            models.Unclear is [] ? null : models.Unclear);
    }
}

/// <summary>The versions of the service, its libraries and the system.</summary>
/// <param name="Fovea">The version of the service.</param>
/// <param name="OnnxRuntime">The version of the loaded ONNX Runtime.</param>
/// <param name="Dotnet">The version of .NET.</param>
/// <param name="System">The operating system and its version.</param>
/// <param name="Architecture">The processor's architecture.</param>
internal sealed record VersionsInUse(string Fovea, string OnnxRuntime, string Dotnet, string System, string Architecture);

/// <summary>The device that runs the networks.</summary>
/// <param name="Provider">The device: cpu or cuda.</param>
/// <param name="Reason">The reason for this choice.</param>
/// <param name="FellBack">Whether CUDA was chosen but does not work, so that the CPU is used.</param>
/// <param name="MissingLibraries">The libraries that CUDA needs and that are missing on this machine.</param>
/// <param name="Available">The execution providers that this build of ONNX Runtime contains.</param>
internal sealed record DeviceInUse(
    string Provider, string Reason, bool FellBack, IReadOnlyList<string> MissingLibraries, IReadOnlyList<string> Available);

/// <summary>The numbers of threads.</summary>
/// <param name="Processors">The number of processors that the process may use.</param>
/// <param name="OnnxRuntime">The number of ONNX Runtime's threads, which run networks.</param>
/// <param name="Shared">Whether all models share these threads.</param>
/// <param name="Pool">The present number of threads in .NET's thread pool, which answer requests.</param>
internal sealed record ThreadsInUse(int Processors, int OnnxRuntime, bool Shared, int Pool);

/// <summary>The memory of the process in bytes.</summary>
/// <param name="Resident">The resident memory now.</param>
/// <param name="PeakResident">The largest resident memory since the start.</param>
/// <param name="Managed">The memory that .NET's garbage collector manages.</param>
/// <param name="Available">The memory that the machine or the container allows the process to use.</param>
internal sealed record MemoryInUse(long Resident, long PeakResident, long Managed, long Available);

/// <summary>A loaded version of a model.</summary>
/// <param name="Name">The name of the model.</param>
/// <param name="Version">The number of the version.</param>
/// <param name="Serves">Whether this version answers requests that name no version.</param>
/// <param name="Provider">The device that runs the model: cpu or cuda.</param>
/// <param name="Reason">The reason for this device.</param>
/// <param name="BatchSizes">
/// The batch sizes in use, with their speed measured on this machine; empty until they are measured.
/// </param>
/// <param name="Requests">The number of requests in flight that the version has admitted.</param>
/// <param name="Int8">
/// Whether the twin of 8-bit integers, model.int8.onnx, is used, and the reason; left out if the version has no such twin.
/// </param>
/// <param name="Fp16">
/// Whether the twin of 16-bit floats, model.fp16.onnx, is used, and the reason; left out if the version has no such twin.
/// </param>
/// <param name="RewriteFailure">
/// The reason why the network runs as its file has it, and not in a form that may be faster; left out if rewriting has not failed.
/// </param>
internal sealed record LoadedModel(
    string Name,
    int Version,
    bool Serves,
    string Provider,
    string Reason,
    IReadOnlyList<MeasuredSize> BatchSizes,
    int Requests,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Int8,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Fp16,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RewriteFailure)
{
    /// <summary>Lists the loaded versions of a model.</summary>
    public static IEnumerable<LoadedModel> Of(StoredModel model, PrivatePaths paths)
    {
        var now = model.Now;
        return from version in now.All.Distinct()
               where version.Served is not null
               let served = version.Served
               select new LoadedModel(
                   model.Name,
                   version.Number,
                   version == now.Serving,
                   served.Classifier.Device.Provider,
                   served.Classifier.Device.Reason,
                   served.Sizes,
                   served.Admission.Taken,
                   Said(QuantizedNumbers.Int8, served),
                   Said(QuantizedNumbers.Fp16, served),
                   served.Classifier.RewriteFailure is { } failure ? paths.RemoveFrom(failure) : null);
    }

    private static string? Said(QuantizedNumbers numbers, ServedModel served)
    {
        if (served.Classifier.Twins.FirstOrDefault(twin => twin.Numbers == numbers) is not { } twin)
        {
            return null;
        }

        var sizes = served.Sizes;
        if (twin is not { Refusal: null, Record: { } record })
        {
            return $"not used: {twin.Refusal}";
        }

        var agreement = $"float and {numbers.ToString().ToUpperInvariant()} give the same answer for "
            + FormattableString.Invariant($"{record.CalibrationAgreement * 100:F1} % of {record.Images} calibration images and ")
            + FormattableString.Invariant($"{record.Agreement * 100:F1} % of {record.JudgedImages} others");
        return sizes.Count == 0 ? $"not used yet: it is not measured; {agreement}"
            : sizes.Any(size => size.Kind.Quantized == numbers) ? $"used: it was measured to be faster here; {agreement}"
            : $"not used: it was not measured to be faster here; {agreement}";
    }
}
