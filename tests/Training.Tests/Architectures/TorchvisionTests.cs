using Fovea.Models.Architectures;
using Fovea.Models.Runtime;
using Fovea.Models.Weights;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training.Tests.Architectures;

/// <summary>Compares each network of the catalog that torchvision has with torchvision's, with the same random weights.</summary>
[Trait("Needs", "services")]
public sealed class TorchvisionTests(TorchvisionLogits torchvision) : IClassFixture<TorchvisionLogits>
{
    private const double Tolerance = 1e-4;

    public static TheoryData<string> Names => new(Catalog.Architectures.Where(a => a.Torchvision is not null).Select(a => a.Name));

    [Theory, MemberData(nameof(Names))]
    public void Imported_state_dict_gives_torchvisions_logits(string name)
    {
        using var folder = new TemporaryFolder();
        var architecture = Catalog.Find(name);
        var (weights, image, expected) = torchvision.Of(architecture.Torchvision!.Name);
        WeightsImport.Write(architecture, weights, new ImportOptions(), folder["model.onnx"], _ => { });

        var logits = Run(folder["model.onnx"], image);

        Assert.Equal(expected.Length, logits.Length);
        double largest = expected.Max(Math.Abs), error = logits.Zip(expected, (ours, theirs) => Math.Abs(ours - theirs)).Max();
        Assert.True(largest > 1e-3, $"The largest logit is {largest:E2}; expected one that shows differences.");
        Assert.True(error <= Tolerance * Math.Max(1, largest), $"The logits differ by {error:E2}; the largest is {largest:F3}.");
    }

    private static float[] Run(string path, float[] image)
    {
        using var session = Sessions.OpenLarge(path);
        using var options = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(image, [1, 3, 224, 224]);
        using var outputs = session.Run(options, session.InputNames, [input], session.OutputNames);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
