using System.Diagnostics;
using System.Runtime.InteropServices;
using Fovea.Models.Graphs;
using Fovea.Models.Weights;

namespace Fovea.Models.Tests.Explanations;

/// <summary>Debian's PyTorch in a separate process, which explains one case after the other; see grad_cam.py.</summary>
public sealed class TorchGradCam : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Process process = Process.Start(
        new ProcessStartInfo("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "Explanations", "grad_cam.py")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;

    /// <summary>The class that was explained, the network's outputs and the map, row-major.</summary>
    internal sealed record Answer(int Target, float[] Logits, float[] Map);

    /// <summary>Explains a network of the catalog on an image.</summary>
    /// <param name="name">The network's name.</param>
    /// <param name="graph">The network, for its weights.</param>
    /// <param name="image">The image, [1, C, H, W].</param>
    internal Answer Explain(string name, Graph graph, Tensor image)
    {
        var path = folder["case.safetensors"];
        var weights = graph.Initializers.Where(i => i.Key is { Type: ElementType.Float, Shape.Rank: > 0 })
            .Select(i => (i.Key.Name, i.Value)).Append(("input", image));
        SafetensorsFile.Write(path, new Dictionary<string, string> { ["network"] = name }, [.. weights]);
        return Ask($"ours {path}", path, "").Answer;
    }

    /// <summary>Exports torchvision's network with random weights, and explains it on a random image.</summary>
    /// <returns>The path of the file, the image and the answer.</returns>
    internal (string File, float[] Image, Answer Answer) Export(string name, int opset, int size)
    {
        var path = folder[name];
        var (answer, image) = Ask($"export {name} {opset} {size} {path}", path, "input");
        return ($"{path}.onnx", image, answer);
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
        folder.Dispose();
    }

    private (Answer Answer, float[] Other) Ask(string line, string path, string other)
    {
        process.StandardInput.WriteLine(line);
        Assert.NotNull(process.StandardOutput.ReadLine());
        using var file = SafetensorsFile.Open($"{path}.answer");
        return (new((int)Read("target")[0], Read("logits"), Read("map")), other.Length == 0 ? [] : Read(other));

        float[] Read(string name)
        {
            var values = new float[file.Entries()[name].Shape.Size];
            file.Read(name, MemoryMarshal.AsBytes(values.AsSpan()));
            return values;
        }
    }
}
