using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Fovea.Benchmarks;

/// <summary>
/// Our training step and PyTorch's, each in a process of its own, in turn, so that the machine's moods fall on both alike. Needs Debian's
/// python3-torch. The fastest steps are compared: what disturbs a measurement only ever makes it slower.
/// </summary>
internal static class TorchComparison
{
    private const string Steps = "100";

    public static int Run(string name, string batch, int pairs)
    {
        var ratios = new List<double>();
        Console.WriteLine($"{name}, batch {batch}: fastest of {Steps} training steps, milliseconds");
        for (int i = 0; i < pairs; i++)
        {
            double ours = Ours(name, batch), torch = Torch(name, batch);
            ratios.Add(torch / ours);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"fovea {ours:F3}   torch {torch:F3}   ratio {torch / ours:F2}"));
        }

        ratios.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"images per second, fovea over torch: median {ratios[ratios.Count / 2]:F2} (from {ratios[0]:F2} to {ratios[^1]:F2})"));
        return 0;
    }

    private static double Ours(string name, string batch)
    {
        var output = Output("dotnet", Path.Combine(AppContext.BaseDirectory, "Fovea.Training.dll"), "benchmark", name, "--train", "--batch-size", batch, "--steps", Steps, "--json");
        return JsonDocument.Parse(output.Split('\n')[^1]).RootElement.GetProperty("fastestMs").GetDouble();
    }

    private static double Torch(string name, string batch) =>
        double.Parse(Output("/usr/bin/python3", Path.Combine(AppContext.BaseDirectory, "torch_step.py"), name, batch, Steps), CultureInfo.InvariantCulture);

    private static string Output(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output.TrimEnd() : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed.");
    }
}
