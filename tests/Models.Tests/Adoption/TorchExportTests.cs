using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Fovea.Models.Imaging;
using Fovea.Models.Runtime;

namespace Fovea.Models.Tests.Adoption;

/// <summary>Files of PyTorch's older exporter, and PyTorch's own answers.</summary>
[Trait("Needs", "services")]
public sealed class TorchExportTests
{
    [Theory]
    [InlineData(9, "fixed", "eval")]
    [InlineData(11, "free", "eval")]
    [InlineData(13, "fixed", "eval")]
    [InlineData(16, "free", "eval")]
    [InlineData(13, "free", "training")]
    [InlineData(16, "fixed", "training")]
    public void Exported_network_answers_as_PyTorch_does(int opset, string batch, string mode)
    {
        using var folder = new TemporaryFolder();
        double[] expected = Export("torch_export.py", opset, batch, mode, folder["model.onnx"]);
        ForeignNetwork.AssertAnswer(expected, ForeignNetwork.Answer(folder["model.onnx"]));
        using var model = Classifier.Load(folder["model.onnx"], ForeignNetwork.Json());
        Assert.Null(model.FixedBatch);
    }

    [Theory]
    [InlineData(11, "fixed")]
    [InlineData(11, "free")]
    [InlineData(16, "fixed")]
    [InlineData(16, "free")]
    public void Scripted_network_with_loops_answers_as_PyTorch_does(int opset, string batch)
    {
        using var folder = new TemporaryFolder();
        double[] expected = Export("torch_loops.py", opset, batch, folder["model.onnx"]);
        ForeignNetwork.AssertAnswer(expected, ForeignNetwork.Answer(folder["model.onnx"]));
        using var model = Classifier.Load(folder["model.onnx"], ForeignNetwork.Json());
        Assert.Null(model.FixedBatch);
    }

    private static double[] Export(string script, int opset, params string[] arguments)
    {
        var start = new ProcessStartInfo(
            "/usr/bin/python3",
            [Path.Combine(AppContext.BaseDirectory, "Adoption", script), opset.ToString(CultureInfo.InvariantCulture), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var preprocessing = ForeignNetwork.Json().Preprocessing!;
        var image = new float[preprocessing.Shape.Size];
        Preprocessor.Normalize(Preprocessor.Fit(ForeignNetwork.Image, new ImageLimits(), preprocessing), preprocessing, image);
        using var python = Process.Start(start)!;
        python.StandardInput.Write(JsonSerializer.Serialize(image));
        python.StandardInput.Close();
        var error = python.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = python.StandardOutput.ReadToEnd();
        python.WaitForExit();
        Assert.True(python.ExitCode == 0, error.Result);
        return JsonSerializer.Deserialize<double[]>(output.Trim().Split('\n')[^1])!;
    }
}
