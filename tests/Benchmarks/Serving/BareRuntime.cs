using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Benchmarks;

/// <summary>ONNX Runtime and nothing else: a loop on a tensor that is ready, in a process of its own.</summary>
internal static class BareRuntime
{
    /// <summary>Images per second with the best of these batch sizes, each for this long.</summary>
    public static double Best(string file, double seconds, params int[] batches) => batches.Max(batch => Measure(file, batch, seconds).ImagesPerSecond);

    /// <summary>Starts a process that runs one batch size.</summary>
    public static (double ImagesPerSecond, double MedianMs) Measure(string file, int batch, double seconds)
    {
        var output = ServiceProcess.Run("dotnet", Path.Combine(AppContext.BaseDirectory, "Fovea.Benchmarks.dll"), "bare", file, batch.ToString(CultureInfo.InvariantCulture), seconds.ToString(CultureInfo.InvariantCulture));
        var numbers = output.Trim().Split('\n')[^1].Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture)).ToArray();
        return (numbers[0], numbers[1]);
    }

    /// <summary>That process: prints images per second, and the median run in milliseconds.</summary>
    public static int Run(string file, int batch, double seconds)
    {
        using var options = new SessionOptions { IntraOpNumThreads = Environment.ProcessorCount };
        using var session = new InferenceSession(file, options);
        long[] shape = [batch, .. session.InputMetadata.Values.First().Dimensions[1..].Select(d => (long)d)];
        var values = new float[shape.Aggregate(1L, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = i % 251 / 251f;
        }

        using var input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, values.AsMemory(), shape);
        using var run = new RunOptions();
        using var binding = session.CreateIoBinding();
        binding.BindInput(session.InputNames[0], input);
        binding.BindOutputToDevice(session.OutputNames[0], OrtMemoryInfo.DefaultInstance);
        for (long warm = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(warm).TotalSeconds < 0.5;)
        {
            session.RunWithBinding(run, binding);
        }

        var times = new List<double>();
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
        {
            long began = Stopwatch.GetTimestamp();
            session.RunWithBinding(run, binding);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        double perSecond = times.Count * batch / Stopwatch.GetElapsedTime(start).TotalSeconds;
        times.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{perSecond} {times[times.Count / 2]}"));
        return 0;
    }
}
