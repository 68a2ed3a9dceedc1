using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Fovea.Models.Graphs;

namespace Fovea.Benchmarks;

/// <summary>
/// Compares our training step with PyTorch's. Each runs in its own process, and they take turns, so that changes of the machine's speed
/// affect both. Needs Debian's python3-torch and python3-torchvision.
/// </summary>
internal static class TorchComparison
{
    private const string Seconds = "3";

    /// <summary>The networks that can be compared, with their default batch sizes.</summary>
    public static readonly OrderedDictionary<string, int> Batches = new()
    {
        ["lenet5"] = 128,
        ["alexnet"] = 16,
        ["googlenet-bn"] = 8,
        ["vgg16"] = 4,
        ["resnet18"] = 16,
        ["resnet34"] = 8,
        ["resnet50"] = 8,
    };

    public static int Run(string name, int? batch, int pairs)
    {
        if (name != "all" && !Batches.ContainsKey(name))
        {
            Console.Error.WriteLine($"There is no PyTorch step for {name}; expected all or one of {string.Join(", ", Batches.Keys)}.");
            return 1;
        }

        Console.WriteLine("network        batch   fovea ms   torch ms   images/s, fovea over torch   fovea MiB   torch MiB   ratio");
        foreach (var (network, usual) in Batches.Where(b => name == "all" || b.Key == name))
        {
            Console.WriteLine(Row(network, batch ?? usual, pairs));
        }

        return 0;
    }

    private static string Row(string network, int batch, int pairs)
    {
        var (ours, torchs) = (new List<Measured>(), new List<Measured>());
        for (int i = 0; i < pairs; i++)
        {
            torchs.Add(Torch(network, batch));
            ours.Add(Ours(network, batch, torchs[i].Steps));
        }

        double[] ratios = [.. ours.Zip(torchs, (our, torch) => torch.MedianMs / our.MedianMs).Order()];
        double memory = ours.Max(m => m.PeakMemoryBytes), torchMemory = torchs.Max(m => m.PeakMemoryBytes);
        return string.Create(CultureInfo.InvariantCulture, $"{network,-12} {batch,7} {Median(ours),10:F2} {Median(torchs),10:F2}   ") +
            string.Create(CultureInfo.InvariantCulture, $"{$"{ratios[pairs / 2]:F2} ({ratios[0]:F2} to {ratios[^1]:F2})",26} ") +
            string.Create(
                CultureInfo.InvariantCulture, $"{memory / (1 << 20),11:F0} {torchMemory / (1 << 20),11:F0} {memory / torchMemory,7:F2}");
    }

    private static double Median(List<Measured> measured) => measured.Select(m => m.MedianMs).Order().ElementAt(measured.Count / 2);

    // Runs the number of steps that PyTorch did in its time.
    private static Measured Ours(string network, int batch, int steps) =>
        Output(
            "dotnet",
            Path.Combine(AppContext.BaseDirectory, "Fovea.Training.dll"),
            "benchmark",
            network,
            "--train",
            "--batch-size",
            $"{batch}",
            "--steps",
            $"{steps}",
            "--json");

    private static Measured Torch(string network, int batch) =>
        Output("/usr/bin/python3", Path.Combine(AppContext.BaseDirectory, "torch_step.py"), network, $"{batch}", Seconds);

    private static Measured Output(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize<Measured>(output.TrimEnd().Split('\n')[^1], JsonSerializerOptions.Web)!
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed.");
    }

    private sealed record Measured(double MedianMs, long PeakMemoryBytes, int Steps);
}
