using Fovea.Models.Runtime;

namespace Fovea.Benchmarks.Gpu;

/// <summary>Says what the checks run on.</summary>
internal static class DeviceFacts
{
    public static IEnumerable<CheckRow> Rows(DeviceChoice choice)
    {
        yield return new("ONNX Runtime", $"{Sessions.Version}, {string.Join(", ", Sessions.Providers)}", true);
        yield return new("processors", $"{Environment.ProcessorCount}", true);
        if (choice == DeviceChoice.Cuda)
        {
            yield return new("GPU", NvidiaSmi("name,driver_version,memory.total") ?? "nvidia-smi does not run", true);
        }

        var device = Device.Choose(new() { Device = choice });
        yield return new($"device {choice}", device.Reason, device.IsCuda == (choice == DeviceChoice.Cuda));
    }

    /// <summary>Asks NVIDIA's tool for some properties of the GPUs; null if it does not run.</summary>
    public static string? NvidiaSmi(string properties)
    {
        try
        {
            var (code, output, _) = CheckProcess.Run("nvidia-smi", [$"--query-gpu={properties}", "--format=csv,noheader,nounits"]);
            return code == 0 ? output.Trim().ReplaceLineEndings("; ") : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
