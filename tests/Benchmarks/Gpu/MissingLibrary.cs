using Fovea.Models.Errors;
using Fovea.Models.Runtime;

namespace Fovea.Benchmarks.Gpu;

/// <summary>
/// Checks that the device cuda refuses to start without cuDNN and names it, and that auto takes the CPU and says why. An empty file of
/// cuDNN's name, found first, hides the library.
/// </summary>
internal static class MissingLibrary
{
    private const string Library = "libcudnn.so.9", LibraryPath = "LD_LIBRARY_PATH", Hidden = "FOVEA_HIDDEN_LIBRARY";

    public static IEnumerable<CheckRow> Rows(DeviceChoice choice)
    {
        if (Environment.GetEnvironmentVariable(Hidden) is not null)
        {
            return Checked();
        }

        var folder = Directory.CreateTempSubdirectory("fovea-hidden-");
        try
        {
            File.WriteAllBytes(Path.Combine(folder.FullName, Library), []);
            var (code, output, error) = CheckProcess.Run(
                "dotnet",
                [Path.Combine(AppContext.BaseDirectory, "Fovea.Benchmarks.dll"), "gpu-part", "missing library", $"{choice}"],
                (LibraryPath, $"{folder.FullName}:{Environment.GetEnvironmentVariable(LibraryPath)}"),
                (Hidden, Library));
            Console.Write(output);
            return code == 0 ? [] : [new("strict mode", $"the process ended with {code}: {error.Trim()}", false)];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static IEnumerable<CheckRow> Checked()
    {
        // A build for CPUs names itself instead.
        bool isGpuBuild = Sessions.Providers.Contains("CUDAExecutionProvider");
        var expected = isGpuBuild ? Library : "-p:OnnxRuntime=gpu";
        var message = "it started";
        try
        {
            Device.Choose(new() { Device = DeviceChoice.Cuda });
        }
        catch (FoveaException e)
        {
            message = e.Message;
        }

        yield return new($"device cuda, {Library} hidden", message, message.Contains(expected, StringComparison.Ordinal));
        var auto = Device.Choose(new() { Device = DeviceChoice.Auto });
        yield return new(
            $"device auto, {Library} hidden", auto.Reason,
            !auto.IsCuda && auto.FellBack == isGpuBuild && auto.Reason.Contains(expected, StringComparison.Ordinal));
    }
}
