using System.Diagnostics;
using System.Runtime.InteropServices;
using Fovea.Models.Graphs;
using Fovea.Models.Weights;

namespace Fovea.Training.Tests.Steps;

/// <summary>Debian's PyTorch in a separate process, which computes one case after the other; see pytorch_gradients.py.</summary>
public sealed class PyTorch : IDisposable
{
    private static readonly string Script = Path.Combine(AppContext.BaseDirectory, "Steps", "pytorch_gradients.py");

    private readonly TemporaryFolder folder = new();
    private readonly Process process = Process.Start(new ProcessStartInfo("/usr/bin/python3", [Script])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;

    /// <summary>
    /// Computes the loss, the gradients and the new statistics in two precisions, under the names of our tensors. The caller disposes of
    /// the result.
    /// </summary>
    internal Answer Learn(string network, IReadOnlyList<(string Name, Tensor Tensor)> tensors)
    {
        var path = folder["case.safetensors"];
        SafetensorsFile.Write(path, new Dictionary<string, string> { ["network"] = network }, tensors);
        process.StandardInput.WriteLine(path);
        return process.StandardOutput.ReadLine() is null
            ? throw new InvalidOperationException($"PyTorch could not learn {network}.")
            : new Answer(SafetensorsFile.Open($"{path}.answer"));
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
        folder.Dispose();
    }

    /// <summary>The results of PyTorch.</summary>
    internal sealed class Answer(SafetensorsFile file) : IDisposable
    {
        /// <summary>The names of all tensors.</summary>
        public IEnumerable<string> Names =>
            file.Names.Where(name => name.StartsWith("float64/", StringComparison.Ordinal)).Select(name => name["float64/".Length..]);

        /// <summary>Returns a tensor in double precision.</summary>
        public double[] Exact(string name, int size) => Read<double>($"float64/{name}", size);

        /// <summary>Returns a tensor in single precision, which our training uses.</summary>
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
