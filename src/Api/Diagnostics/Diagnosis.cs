using System.Diagnostics;
using System.Runtime.InteropServices;
using Fovea.Api.Tuning;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>What the service really runs on, and why.</summary>
/// <param name="Versions">Of the service and of what it stands on.</param>
/// <param name="Device">What networks run on.</param>
/// <param name="Threads">What runs at the same time.</param>
/// <param name="Memory">What the process takes.</param>
/// <param name="Models">The versions of models that are loaded.</param>
internal sealed record Diagnosis(VersionsInUse Versions, DeviceInUse Device, ThreadsInUse Threads, MemoryInUse Memory, IReadOnlyList<LoadedModel> Models)
{
    /// <summary>Looks at everything now.</summary>
    public static Diagnosis Of(ModelStore models, Device device)
    {
        using var process = Process.GetCurrentProcess();
        return new(
            new(typeof(Diagnosis).Assembly.GetName().Version!.ToString(3), Sessions.Version, RuntimeInformation.FrameworkDescription, RuntimeInformation.OSDescription, $"{RuntimeInformation.ProcessArchitecture}"),
            new(device.Provider, device.Reason, device.FellBack, device.MissingLibraries, [.. Sessions.Providers]),
            new(Environment.ProcessorCount, Sessions.Threads, Sessions.SharesThreads, ThreadPool.ThreadCount),
            new(process.WorkingSet64, process.PeakWorkingSet64, GC.GetTotalMemory(forceFullCollection: false), GC.GetGCMemoryInfo().TotalAvailableMemoryBytes),
            [.. models.All.SelectMany(LoadedModel.Of)]);
    }
}

/// <summary>Versions.</summary>
/// <param name="Fovea">The service's.</param>
/// <param name="OnnxRuntime">ONNX Runtime's, as it was loaded.</param>
/// <param name="Dotnet">.NET's.</param>
/// <param name="System">The operating system.</param>
/// <param name="Architecture">The processor's architecture.</param>
internal sealed record VersionsInUse(string Fovea, string OnnxRuntime, string Dotnet, string System, string Architecture);

/// <summary>What networks run on.</summary>
/// <param name="Provider">cpu or cuda.</param>
/// <param name="Reason">Why.</param>
/// <param name="FellBack">Whether CUDA was wanted and does not work.</param>
/// <param name="MissingLibraries">The libraries that it lacks.</param>
/// <param name="Available">The execution providers that this build of ONNX Runtime holds.</param>
internal sealed record DeviceInUse(string Provider, string Reason, bool FellBack, IReadOnlyList<string> MissingLibraries, IReadOnlyList<string> Available);

/// <summary>Threads.</summary>
/// <param name="Processors">The processors that the process may use.</param>
/// <param name="OnnxRuntime">The threads that run networks.</param>
/// <param name="Shared">Whether all models share them.</param>
/// <param name="Pool">The threads that answer requests, at this moment.</param>
internal sealed record ThreadsInUse(int Processors, int OnnxRuntime, bool Shared, int Pool);

/// <summary>Memory in bytes.</summary>
/// <param name="Resident">Of the process, now.</param>
/// <param name="PeakResident">The most that it was.</param>
/// <param name="Managed">The part that .NET's garbage collector manages.</param>
/// <param name="Available">What the machine or the container allows.</param>
internal sealed record MemoryInUse(long Resident, long PeakResident, long Managed, long Available);

/// <summary>A version that is loaded.</summary>
/// <param name="Name">The model.</param>
/// <param name="Version">The version.</param>
/// <param name="Serves">Whether it answers where no version is named.</param>
/// <param name="Provider">What it runs on.</param>
/// <param name="Reason">Why.</param>
/// <param name="BatchSizes">The batch sizes that are run, as measured on this machine; empty until that is done.</param>
/// <param name="Requests">The requests that have a place with it.</param>
internal sealed record LoadedModel(string Name, int Version, bool Serves, string Provider, string Reason, IReadOnlyList<MeasuredSize> BatchSizes, int Requests)
{
    /// <summary>The loaded versions of a model.</summary>
    public static IEnumerable<LoadedModel> Of(StoredModel model)
    {
        var now = model.Now;
        return from version in now.All.Distinct()
               where version.Served is not null
               let served = version.Served
               select new LoadedModel(model.Name, version.Number, version == now.Serving, served.Classifier.Device.Provider, served.Classifier.Device.Reason, served.Sizes, served.Admission.Taken);
    }
}
