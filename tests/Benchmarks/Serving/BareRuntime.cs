using System.Diagnostics;
using System.Globalization;
using Fovea.Models.Graphs;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Benchmarks.Serving;

/// <summary>Measures ONNX Runtime without the service: a loop over a prepared tensor, in a separate process.</summary>
internal static class BareRuntime
{
    /// <summary>Returns the images per second with the best of these batch sizes. Each size runs for this number of seconds.</summary>
    public static double Best(string file, double seconds, params int[] batches) =>
        batches.Max(batch => Measure(file, batch, seconds).ImagesPerSecond);

    /// <summary>Starts a process that runs batches of one size, each right after the previous one.</summary>
    public static (double ImagesPerSecond, double MedianMs) Measure(string file, int batch, double seconds)
    {
        double[] figures = InProcess("bare", file, Text(batch), Text(seconds));
        return (figures[0], figures[1]);
    }

    /// <summary>
    /// Starts a process that runs single images at a steady rate. Returns the times from the intended start of each run to its end.
    /// </summary>
    public static (double MedianMs, double HighMs) OpenLoop(string file, double perSecond, double seconds)
    {
        double[] figures = InProcess("bare", file, "1", Text(seconds), Text(perSecond));
        return (figures[1], figures[2]);
    }

    /// <summary>
    /// Runs in that process. Prints images per second, then the median and the 99th percentile of the times of the runs in milliseconds.
    /// </summary>
    /// <param name="file">The model.</param>
    /// <param name="batch">The number of images in a run.</param>
    /// <param name="seconds">The seconds to run for.</param>
    /// <param name="perSecond">The runs per second; null starts each run when the previous one has ended.</param>
    public static int Run(string file, int batch, double seconds, double? perSecond)
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
            long intended = perSecond is { } rate ? start + (long)(times.Count / rate * Stopwatch.Frequency) : Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(intended, Stopwatch.GetTimestamp()) < TimeSpan.Zero)
            {
                Thread.Sleep(1);
            }

            session.RunWithBinding(run, binding);
            times.Add(Stopwatch.GetElapsedTime(intended).TotalMilliseconds);
        }

        double images = times.Count * batch / Stopwatch.GetElapsedTime(start).TotalSeconds;
        times.Sort();
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{images} {times[times.Count / 2]} {times[(int)(0.99 * (times.Count - 1))]}"));
        return 0;
    }

    private static double[] InProcess(params string[] arguments)
    {
        var output = ServiceProcess.Run("dotnet", [Path.Combine(AppContext.BaseDirectory, "Fovea.Benchmarks.dll"), .. arguments]);
        return [.. output.Trim().Split('\n')[^1].Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
    }

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}
