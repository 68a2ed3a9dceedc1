using System.Diagnostics;
using System.Runtime.InteropServices;
using Fovea.Models;

namespace Fovea.Training.Tests;

/// <summary>Debian's PyTorch in a process of its own, which answers case after case: see pytorch_gradients.py.</summary>
public sealed class PyTorch : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Process process = Process.Start(new ProcessStartInfo("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "pytorch_gradients.py")])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;

    /// <summary>Loss, gradients and new statistics in two precisions, each under the name that ours has; the caller disposes of them.</summary>
    internal Answer Learn(string network, IReadOnlyList<(string Name, Tensor Tensor)> tensors)
    {
        var path = folder["case.safetensors"];
        SafetensorsFile.Write(path, new Dictionary<string, string> { ["network"] = network }, tensors);
        process.StandardInput.WriteLine(path);
        return process.StandardOutput.ReadLine() is null ? throw new InvalidOperationException($"PyTorch could not learn {network}.") : new Answer(SafetensorsFile.Open($"{path}.answer"));
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
        folder.Dispose();
    }

    /// <summary>What PyTorch came to.</summary>
    internal sealed class Answer(SafetensorsFile file) : IDisposable
    {
        /// <summary>The names of all tensors.</summary>
        public IEnumerable<string> Names => file.Names.Where(name => name.StartsWith("float64/", StringComparison.Ordinal)).Select(name => name["float64/".Length..]);

        /// <summary>A tensor in double precision.</summary>
        public double[] Exact(string name, int size) => Read<double>($"float64/{name}", size);

        /// <summary>A tensor in the precision that ours has.</summary>
        public float[] Single(string name, int size) => Read<float>($"float32/{name}", size);

        public void Dispose() => file.Dispose();

        private T[] Read<T>(string name, int size)
            where T : unmanaged
        {
            var values = new T[size];
            file.Read(name, MemoryMarshal.AsBytes(values.AsSpan()));
            return values;
        }
    }
}
