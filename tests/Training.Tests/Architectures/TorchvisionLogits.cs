using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Fovea.Training.Tests.Architectures;

/// <summary>Debian's torchvision in a separate process, which computes the logits of one network after the other.</summary>
public sealed class TorchvisionLogits : IDisposable
{
    private static readonly string Script = Path.Combine(AppContext.BaseDirectory, "Architectures", "torchvision_logits.py");

    private readonly TemporaryFolder folder = new();
    private readonly Process process = Process.Start(new ProcessStartInfo("/usr/bin/python3", [Script])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;

    /// <summary>Returns the path of a state dict of random weights, an image [1, 3, 224, 224], and its logits.</summary>
    /// <param name="name">The name of the network in torchvision.</param>
    public (string Weights, float[] Image, float[] Logits) Of(string name)
    {
        var path = folder["case"];
        process.StandardInput.WriteLine($"{name} {path}");
        return process.StandardOutput.ReadLine() is null
            ? throw new InvalidOperationException($"torchvision could not run {name}.")
            : ($"{path}.pth", Floats($"{path}.image"), Floats($"{path}.logits"));
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
        folder.Dispose();
    }

    private static float[] Floats(string path) => MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path)).ToArray();
}
