using System.Globalization;
using System.Text.Json;
using Fovea.Models.Runtime;

namespace Fovea.Benchmarks.Gpu;

/// <summary>Measures training steps beside PyTorch's on the same device, if python3 has PyTorch.</summary>
internal static class StepSpeeds
{
    private const int NoTorch = 3;

    public static IEnumerable<CheckRow> Rows(DeviceChoice choice)
    {
        bool isGpu = choice == DeviceChoice.Cuda;
        var device = $"{choice}".ToLowerInvariant();
        int steps = isGpu ? 20 : 2;
        foreach (var (name, batch) in isGpu ? ((string, int)[])[("resnet50", 32), ("vgg16", 16)] : [("resnet50", 2), ("vgg16", 1)])
        {
            yield return Row(name, batch, steps, device, isGpu);
        }
    }

    private static CheckRow Row(string name, int batch, int steps, string device, bool isGpu)
    {
        var what = $"{name}, batch of {batch}, {steps} training steps, ms per step";
        try
        {
            var torch = Torch(name, batch, steps, device, out var problem);
            double ours = Median(CheckProcess.Fovea(
                "benchmark", name, "--train", "--batch-size", $"{batch}", "--steps", $"{steps}", "--device", device, "--json"));
            return torch is { } theirs
                ? new(
                    what,
                    string.Create(CultureInfo.InvariantCulture, $"{ours:F1}; PyTorch {theirs:F1}, {theirs / ours:F2} times its steps/s"),
                    !isGpu || ours <= theirs)
                : new(what, string.Create(CultureInfo.InvariantCulture, $"{ours:F1}; PyTorch: {problem}"), true);
        }
        catch (Exception e) when (e is InvalidOperationException or JsonException)
        {
            return new(what, e.Message.Split('\n')[0], false);
        }
    }

    private static double? Torch(string name, int batch, int steps, string device, out string problem)
    {
        try
        {
            var script = Path.Combine(AppContext.BaseDirectory, "torch_device_step.py");
            var (code, output, error) = CheckProcess.Run("python3", [script, name, $"{batch}", $"{steps}", device]);
            problem = code == NoTorch ? "not installed" : error.Trim().Split('\n')[^1];
            return code == 0 ? Median(output) : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            problem = "there is no python3";
            return null;
        }
    }

    private static double Median(string output) =>
        JsonDocument.Parse(output.TrimEnd().Split('\n')[^1]).RootElement.GetProperty("medianMs").GetDouble();
}
