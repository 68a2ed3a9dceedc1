using System.Globalization;
using System.Text.Json;
using Fovea.Models.Runtime;

namespace Fovea.Benchmarks.Gpu;

/// <summary>Trains LeNet-5 on the device and evaluates it, on all of MNIST or, where that is missing, on the tests' subset.</summary>
internal static class DigitAccuracy
{
    private const string Variable = "FOVEA_MNIST", Images = "train-images-idx3-ubyte.gz";

    private const double Whole = 0.992, Subset = 0.95;

    public static IEnumerable<CheckRow> Rows(DeviceChoice choice)
    {
        // On a CPU, the subset shows that the code runs.
        bool isGpu = choice == DeviceChoice.Cuda;
        if (Folder(isGpu) is not { } folder)
        {
            yield return new("LeNet-5", $"MNIST is not there: name its folder in {Variable}", null);
            yield break;
        }

        bool isWhole = new FileInfo(Path.Combine(folder, Images)).Length > 5 << 20;
        var file = Path.Combine(Path.GetTempPath(), $"fovea-lenet5-{Environment.ProcessId}.onnx");
        try
        {
            CheckProcess.Fovea("train", "lenet5", "--data", folder, "--device", $"{choice}".ToLowerInvariant(), "-o", file);
            var evaluated = CheckProcess.Fovea("evaluate", file, "--data", folder, "--json");
            double accuracy = JsonDocument.Parse(evaluated).RootElement.GetProperty("accuracy").GetDouble();
            yield return new(
                $"LeNet-5, accuracy on {(isWhole ? "MNIST" : "a subset of MNIST")}",
                string.Create(CultureInfo.InvariantCulture, $"{accuracy * 100:F2} %; expected {(isWhole ? Whole : Subset) * 100:F1} %"),
                accuracy >= (isWhole ? Whole : Subset));
        }
        finally
        {
            foreach (var left in Directory.GetFiles(Path.GetTempPath(), $"{Path.GetFileNameWithoutExtension(file)}*"))
            {
                File.Delete(left);
            }
        }
    }

    private static string? Folder(bool whole)
    {
        var own = AppContext.BaseDirectory;
        string?[] places = [Environment.GetEnvironmentVariable(Variable), Path.Combine(own, "mnist"), Path.Combine("data", "mnist")];
        string?[] subsets = [Path.Combine(own, "mnist-subset")];
        return (whole ? places.Concat(subsets) : subsets.Concat(places))
            .FirstOrDefault(place => place is not null && File.Exists(Path.Combine(place, Images)));
    }
}
