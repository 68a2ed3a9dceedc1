using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using Fovea.Api.ModelRepository;
using Fovea.Api.Problems;
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
