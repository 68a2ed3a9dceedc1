using System.Diagnostics;
using System.Runtime.InteropServices;
using Fovea.Benchmarks.Serving;
using Fovea.Models.Runtime;

namespace Fovea.Benchmarks.Gpu;

/// <summary>Loads, runs and unloads a model several times. Memory of the device that a model does not free would add up.</summary>
internal static class UnloadedMemory
{
    private const int Cycles = 4;

    private const long Slack = 64L << 20;

    public static IEnumerable<CheckRow> Rows(DeviceChoice choice)
    {
        bool isGpu = choice == DeviceChoice.Cuda;
        var file = new BenchmarkModels().ModelFile("resnet50");
        var device = Device.Choose(new() { Device = choice });
        List<long> loaded = [], unloaded = [];
        for (int i = 0; i < Cycles; i++)
        {
            using (var model = Classifier.Load(file, device: device))
            using (var session = model.TakeSession())
            using (var batch = model.CreateBatch(session, isGpu ? 64 : 4))
            {
                batch.Run(session, 0, batch.Capacity);
                loaded.Add(InUse(isGpu));
            }

            GC.Collect();
            ProcessMemory.Trim();
            unloaded.Add(InUse(isGpu));
        }

        // The first cycle also takes memory that stays, such as CUDA's context.
        yield return new(
            $"resnet50 loaded and unloaded {Cycles} times, {(isGpu ? "GPU memory" : "resident memory")} in MiB",
            $"loaded {Text(loaded)}; unloaded {Text(unloaded)}",
            unloaded[^1] <= unloaded[0] + Slack && loaded[^1] > unloaded[^1]);
    }

    private static string Text(IEnumerable<long> bytes) => string.Join(", ", bytes.Select(count => count >> 20));

    private static long InUse(bool isGpu)
    {
        if (!isGpu)
        {
            using var process = Process.GetCurrentProcess();
            return process.WorkingSet64;
        }

        int error = MemGetInfo(out nuint free, out nuint total);
        return error == 0 ? (long)(total - free) : throw new InvalidOperationException($"cudaMemGetInfo gave the error {error}.");
    }

    [DllImport("libcudart.so.13", EntryPoint = "cudaMemGetInfo")]
    private static extern int MemGetInfo(out nuint free, out nuint total);
}
