using System.Diagnostics;
using System.Text.Json;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;

namespace Fovea.Training.Tests.Commands;

/// <summary>A network of convolutions that recognises four levels of brightness.</summary>
[Trait("Needs", "time")]
public sealed class QuantizeCommandTests : IDisposable
{
    private const int Classes = 4, Side = 8, ImagesOfClass = 12;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Quantised_file_is_used_like_the_float_file_and_keeps_its_metadata()
    {
        Network(channelScale: 1);
        Folders();
        var report = Quantize("--data", folder["data"]);
        Assert.Equal((1, 1), (Number(report, "float", "accuracy"), Number(report, "int8", "accuracy")));
        Assert.True(Number(report, "int8", "imagesPerSecond") > 0 && Number(report, "float", "millisecondsAlone") > 0);

        using Classifier floats = Classifier.Load(folder["model.onnx"]), integers = Classifier.Load(folder["int8.onnx"]);
        Assert.Equal(floats.Labels, integers.Labels);
        Assert.Equal(floats.Preprocessing.Shape, integers.Preprocessing.Shape);
        Assert.Equal(floats.Calibration, integers.Calibration);
        Assert.Equal(floats.Metadata.Training, integers.Metadata.Training);
        var record = integers.Metadata.Quantization!;
        Assert.Equal(new("model.onnx", floats.Sha256), record.Source);
        Assert.Equal((1, 1), (record.CalibrationAgreement, record.Agreement));

        // Half of the images judge, and half of the others calibrate.
        Assert.Equal((Classes * ImagesOfClass / 4, Classes * ImagesOfClass / 2), (record.Images, record.JudgedImages));

        using var evaluated = JsonDocument.Parse(Successful("evaluate", folder["int8.onnx"], "--data", folder["data"], "--json"));
        Assert.Equal(1, evaluated.RootElement.GetProperty("accuracy").GetDouble());
        Assert.Contains("bright", Successful("classify", folder["int8.onnx"], folder["data/bright/3.png"]), StringComparison.Ordinal);
        var summary = Successful("summary", folder["int8.onnx"]);
        Assert.Contains("conv1 (Conv2D)", summary, StringComparison.Ordinal);
        Assert.Equal(Parameters(Successful("summary", folder["model.onnx"])), Parameters(summary));
    }

    [Fact]
    public void File_of_16_bits_is_used_like_the_float_file_and_says_what_stayed_in_32()
    {
        // The second channel has values of up to 33,000, more than a quarter of what 16 bits hold.
        Network(channelScale: 33000);
        Folders();
        var report = Quantize("--data", folder["data"], "--type", "fp16");
        Assert.Equal((1, 1, 16), (Number(report, "fp16", "accuracy"), Number(report, "agreement"), Number(report, "weightBits")));
        Assert.False(report.TryGetProperty("int8", out _));
        var kept = report.GetProperty("halfPrecision").GetProperty("floatOperators").EnumerateArray()
            .ToDictionary(entry => entry.GetProperty("name").GetString()!, entry => entry.GetProperty("reason").GetString());
        Assert.Equal("output", kept["fc"]);
        Assert.Equal("values above a quarter of 65504", kept["conv1"]);
        Assert.DoesNotContain("conv4", kept.Keys);

        using Classifier floats = Classifier.Load(folder["model.onnx"]), halves = Classifier.Load(folder["int8.onnx"]);
        Assert.Equal(floats.Labels, halves.Labels);
        var record = halves.Metadata.Quantization!;
        Assert.Equal(new("model.onnx", floats.Sha256), record.Source);
        Assert.Equal((QuantizedNumbers.Fp16, 1, 1), (record.Numbers, record.CalibrationAgreement, record.Agreement));
        Assert.Equal(
            Parameters(Successful("summary", folder["model.onnx"])), Parameters(Successful("summary", folder["int8.onnx"])));
        File.Copy(folder["int8.onnx"], folder["twice.onnx"]);
        Refused("is quantised already", folder["twice.onnx"], "--data", folder["data"], "--type", "fp16");
        var text = Successful("quantize", folder["model.onnx"], "--data", folder["data"], "--type", "fp16", "-o", folder["again.onnx"]);
        Assert.Contains("32-bit floats stay in (output): fc", text, StringComparison.Ordinal);
        Assert.Contains("are subnormal in 16 bits", text, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(folder["int8.onnx"]), File.ReadAllBytes(folder["again.onnx"]));
    }

    [Fact]
    public void Layers_that_cost_accuracy_stay_floats()
    {
        // One channel is a thousand times the other, which alone tells the classes: in 8 bits they would become 0.
        Network(channelScale: 1000);
        Folders();
        var report = Quantize("--data", folder["data"]);
        Assert.Equal(["conv1", "conv2"], report.GetProperty("floatLayers").EnumerateArray().Select(name => name.GetString()!).Order());
        Assert.Equal(1, Number(report, "int8", "accuracy"));
        using var integers = Classifier.Load(folder["int8.onnx"]);
        Assert.Equal(2, integers.Metadata.Quantization!.FloatLayers.Length);
    }

    [Fact]
    public void Network_that_loses_accuracy_is_not_written()
    {
        Network(channelScale: 1000);
        Folders();
        var (exitCode, output, error) = CommandLineProcess.Run(
            "quantize", folder["model.onnx"], "--data", folder["data"], "--minutes", "0", "-o", folder["int8.onnx"]);
        Assert.Equal(1, exitCode);
        Assert.Contains("INT8", output, StringComparison.Ordinal);
        Assert.Contains("points with integers; expected at most 0.5, so no file was written", error, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["int8.onnx"]));
        Quantize("--data", folder["data"], "--minutes", "0", "--max-drop", "100");
    }

    [Fact]
    public void Folder_of_images_without_classes_is_judged_by_the_answers_of_the_floats()
    {
        Network(channelScale: 1);
        for (int i = 0; i < 40; i++)
        {
            Images.Write(folder[$"photos/{i}.png"], (byte)(i % Classes * 80 + i / Classes), Side);
        }

        File.WriteAllText(folder["photos/broken.png"], "no image");
        var report = Quantize("--data", folder["photos"], "--images", "10", "--weight-bits", "7");
        Assert.Equal((10, 10, 30), (Number(report, "calibrationImages"), Number(report, "choosingImages"), Number(report, "images")));
        Assert.Equal(JsonValueKind.Null, report.GetProperty("int8").GetProperty("accuracy").ValueKind);
        Assert.InRange(Number(report, "agreement"), 0.95, 1);
        Assert.Equal(7, Number(report, "weightBits"));
    }

    [Fact]
    public void Bad_input_is_one_sentence()
    {
        Network(channelScale: 1);
        Folders();
        Quantize("--data", folder["data"]);
        File.Copy(folder["int8.onnx"], folder["twice.onnx"]);
        Refused("is quantised already", folder["twice.onnx"], "--data", folder["data"]);
        Refused("--images is 0; expected 1 to 100000.", folder["model.onnx"], "--data", folder["data"], "--images", "0");
        Refused("--max-drop is -1; expected 0 or more.", folder["model.onnx"], "--data", folder["data"], "--max-drop", "-1");
        Directory.CreateDirectory(folder["one"]);
        Images.Write(folder["one/a.png"], 3, Side);
        Refused("There is 1 image to calibrate and choose with; expected at least 2.", folder["model.onnx"], "--data", folder["one"]);
    }

    [Fact]
    [Trait("Needs", "services")]
    public void The_checker_of_ONNX_accepts_the_files()
    {
        Network(channelScale: 1000);
        Folders();
        Quantize("--data", folder["data"]);
        Check();
        Quantize("--data", folder["data"], "--type", "fp16");
        Check();
    }

    private void Check()
    {
        var start = new ProcessStartInfo(
            "/usr/bin/python3",
            ["-c", "import onnx, sys; onnx.checker.check_model(sys.argv[1], full_check=True)", folder["int8.onnx"]])
        {
            RedirectStandardError = true,
        };
        using var python = Process.Start(start)!;
        var errors = python.StandardError.ReadToEnd();
        python.WaitForExit();
        Assert.True(python.ExitCode == 0, errors);
    }

    private static double Number(JsonElement report, params string[] path) =>
        path.Aggregate(report, (element, name) => element.GetProperty(name)).GetDouble();

    private static string Parameters(string summary) =>
        summary.Split('\n').Single(line => line.StartsWith("Total parameters", StringComparison.Ordinal));

    private static string Successful(params string[] arguments)
    {
        var (exitCode, output, error) = CommandLineProcess.Run(arguments);
        Assert.True(exitCode == 0, error);
        return output;
    }

    private static void Refused(string reason, string file, params string[] arguments)
    {
        var target = Path.Combine(Path.GetDirectoryName(file)!, "refused.onnx");
        var (exitCode, _, error) = CommandLineProcess.Run(["quantize", file, .. arguments, "-o", target]);
        Assert.Equal(1, exitCode);
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.False(File.Exists(target));
    }

    private JsonElement Quantize(params string[] arguments)
    {
        var output = Successful(["quantize", folder["model.onnx"], .. arguments, "--json", "-o", folder["int8.onnx"]]);
        return JsonDocument.Parse(output).RootElement;
    }

    private void Folders()
    {
        foreach (var (index, name) in ((string[])["black", "bright", "dark", "gray"]).Index())
        {
            for (int i = 0; i < ImagesOfClass; i++)
            {
                Images.Write(folder[$"data/{name}/{i}.png"], (byte)((index * 80) + i), Side);
            }
        }
    }

    // The logit of class i is s (2 a b - a a), highest where a, the class's level, is nearest the brightness b. Convolutions of 1x1 give b
    // through; the first adds a channel of another scale, which the second ignores.
    private void Network(float channelScale)
    {
        const float Sharpness = 200;
        var g = new Graph("levels");
        var x = g.Input("input", ElementType.Float, new Shape(Shape.Free, 1, Side, Side));
        x = Conv(x, "conv1", 2, channelScale, 1);
        x = Conv(x, "conv2", 1, 0, 1);
        for (int i = 3; i <= 6; i++)
        {
            x = Conv(x, $"conv{i}", 1, 1);
        }

        x = g.Flatten(g.Apply("GlobalAveragePool", [x]), "flatten");
        float[] levels = [.. Enumerable.Range(0, Classes).Select(i => ((i * 80) + 6) / 255f)];
        var weights = g.Initializer("fc.weight", Tensor.Of(new Shape(1, Classes), Array.ConvertAll(levels, a => 2 * Sharpness * a)));
        var bias = g.Initializer("fc.bias", Tensor.Of(new Shape(Classes), Array.ConvertAll(levels, a => -Sharpness * a * a)));
        g.Output(g.Add("Gemm", [x, weights, bias], name: "fc", outputs: "logits").Output);
        new ModelMetadata
        {
            Labels = ["black", "bright", "dark", "gray"],
            Preprocessing = new() { Crop = [Side, Side], Color = ColorOrder.Gray },
            Calibration = new(Temperature: 1.5),
            Training = new(Dataset: "levels"),
        }.WriteTo(g);
        OnnxFile.Write(g, folder["model.onnx"]);

        Value Conv(Value input, string name, int channels, params float[] values)
        {
            var w = g.Initializer($"{name}.weight", Tensor.Of(new Shape(channels, values.Length / channels, 1, 1), values));
            return g.Relu(g.Conv(input, w, name: name), $"{name}/relu");
        }
    }
}
