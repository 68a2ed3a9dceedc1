using Fovea.Models;

namespace Fovea.Api;

/// <summary>The settings of the device, under <c>Fovea</c>: <c>Device</c>, <c>CudaDevice</c>, <c>CudaMemoryBytes</c> and <c>CudaTf32</c>, as <see cref="DeviceOptions"/> has them.</summary>
internal static class DeviceSettings
{
    /// <summary>Reads the settings and checks their ranges.</summary>
    /// <exception cref="FoveaException">A value is of the wrong kind, or out of its range.</exception>
    public static DeviceOptions Read(IConfiguration configuration)
    {
        var device = configuration["Fovea:Device"];
        if (device is not null && !Enum.GetNames<DeviceChoice>().Contains(device, StringComparer.OrdinalIgnoreCase))
        {
            throw new FoveaException(ErrorCode.BadArgument, $"Fovea:Device is {device}; expected auto, cpu or cuda.");
        }

        var options = Settings.Bind<DeviceOptions>(configuration);
        Settings.Check(options.CudaDevice, 0, 255);
        Settings.Check(options.CudaMemoryBytes, 0, 1L << 40);
        return options;
    }
}
