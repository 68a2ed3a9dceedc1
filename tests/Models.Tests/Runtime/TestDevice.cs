using Fovea.Models.Runtime;

namespace Fovea.Models.Tests.Runtime;

/// <summary>The device in the environment variable FOVEA_TEST_DEVICE, without TF32; the CPU if the variable is not set.</summary>
internal static class TestDevice
{
    public static Device Chosen { get; } = Environment.GetEnvironmentVariable("FOVEA_TEST_DEVICE") is { Length: > 0 } name
        ? Device.Choose(new() { Device = Enum.Parse<DeviceChoice>(name, ignoreCase: true), CudaTf32 = false })
        : Device.Cpu;
}
