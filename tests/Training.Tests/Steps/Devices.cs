using Fovea.Models.Runtime;

namespace Fovea.Training.Tests.Steps;

/// <summary>The devices on which training is tested.</summary>
internal static class Devices
{
    /// <summary>
    /// The CPU; the CPU with its memory treated as a GPU's, which runs the same code as a GPU; and the device in the environment variable
    /// FOVEA_TEST_DEVICE.
    /// </summary>
    public static TheoryData<string> Names =>
    [
        "cpu",
        "separate",
        .. Environment.GetEnvironmentVariable("FOVEA_TEST_DEVICE") is { Length: > 0 } name ? [name] : Array.Empty<string>(),
    ];

    /// <summary>Finds a device by its name in <see cref="Names"/>.</summary>
    public static Device Find(string name) => name switch
    {
        "cpu" => Device.Cpu,
        "separate" => Device.CpuWithSeparateMemory,
        _ => Device.Choose(new() { Device = Enum.Parse<DeviceChoice>(name, ignoreCase: true), CudaTf32 = false }),
    };

    /// <summary>The largest difference from the CPU's result: 0 if the CPU computes, and rounding on a GPU.</summary>
    public static float Tolerance(Device device) => device.IsCuda ? 1e-4f : 0;

    /// <summary>The name of a device's memory in ONNX Runtime.</summary>
    public static string MemoryName(Device device) => device.IsCuda ? "Cuda" : "Cpu";

    /// <summary>The name of a device's staging memory in ONNX Runtime.</summary>
    public static string StagingName(Device device) => device.IsCuda ? "CudaPinned" : "Cpu";
}
