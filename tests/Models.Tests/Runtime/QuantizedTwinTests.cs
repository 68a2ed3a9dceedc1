using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Models.Quantization;
using Fovea.Models.Runtime;
using Fovea.Models.Tests.Quantization;

namespace Fovea.Models.Tests.Runtime;

public sealed class QuantizedTwinTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public QuantizedTwinTests()
    {
        var network = ResidualNetwork.Build();
        Metadata.WriteTo(network);
        OnnxFile.Write(network, folder["model.onnx"]);
    }

    // Changes of a twin's record after which the twin must not be used. The key is a part of the reason that is given.
    private static Dictionary<string, Func<QuantizationRecord, QuantizationRecord?>> Refused => new()
    {
        ["not a file that quantize wrote"] = _ => null,
        ["made from another float file"] = record => record with { Source = new("model.onnx", new string('0', 64)) },
        ["agree with the float file's for 94.0 %"] = record => record with { Agreement = 0.94 },
        ["agree with the float file's for 12.5 %"] = record => record with { CalibrationAgreement = 0.125 },
        ["has weights of 9 bits; expected 7 or 8"] = record => record with { WeightBits = 9 },
        ["its numbers are 16-bit floats; expected 8-bit integers, as its name says"] =
            record => record with { WeightBits = 16, Numbers = QuantizedNumbers.Fp16 },
    };

    public static TheoryData<string> Reasons => new(Refused.Keys);

    private static ModelMetadata Metadata => new() { Preprocessing = new() { Crop = [12, 12] } };

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Twin_of_the_file_runs_in_its_place()
    {
        Twin(record => record);
        using var model = Load();
        var twin = Assert.Single(model.Twins);
        Assert.Null(twin.Refusal);
        Assert.Equal(ModelBytes.Of(folder["model.int8.onnx"]).Sha256, twin.Sha256);
        if (model.CanRunSideBySide)
        {
            using var session = model.Open(SessionKind.OneCoreInt8)!;
            Assert.Equal(SessionKind.OneCoreInt8, session.Kind);
            using var integers = Classifier.Load(folder["model.int8.onnx"]);
            using var batch = model.CreateBatch(session, 1);
            var pixels = ResidualNetwork.Pixels().AsSpan(0, (int)model.Input.Size).ToArray();
            pixels.CopyTo(batch.Slot(0));
            batch.Run(session, 0, 1);
            var expected = new float[model.Classes];
            integers.Run(pixels, 1, expected);
            Assert.Equal(expected, batch.Logits(0).ToArray());
        }
    }

    [Theory, MemberData(nameof(Reasons))]
    public void Other_twin_is_not_used_and_says_why(string reason)
    {
        Twin(Refused[reason]);
        using var model = Load();
        Assert.Contains(reason, model.Twins[0].Refusal, StringComparison.Ordinal);
        Assert.Null(model.Twins[0].Sha256);
        Assert.Null(model.Open(SessionKind.OneCoreInt8));
    }

    [Fact]
    public void Weights_of_8_bits_are_used_only_where_the_processor_computes_them_exactly()
    {
        Twin(record => record with { WeightBits = 8 });
        using var model = Load();
        Assert.Equal(IntegerProducts.Exact, model.Twins[0].Refusal is null);
    }

    [Fact]
    public void Twin_of_another_shape_or_a_damaged_one_is_not_used()
    {
        Twin(record => record, classes: 4);
        using (var model = Load())
        {
            Assert.Contains("input or output has another shape", model.Twins[0].Refusal, StringComparison.Ordinal);
        }

        File.WriteAllText(folder["model.int8.onnx"], "no network");
        using (var model = Load())
        {
            Assert.Contains("is not an ONNX file", model.Twins[0].Refusal, StringComparison.Ordinal);
            Assert.Null(model.Open(SessionKind.OneCoreInt8));
        }
    }

    [Fact]
    public void File_without_a_twin_has_no_such_session()
    {
        using var model = Load();
        Assert.Empty(model.Twins);
        Assert.Null(model.Open(SessionKind.OneCoreInt8));
    }

    [Fact]
    public void Twin_of_16_bits_runs_in_its_place_on_a_GPU_and_that_of_integers_does_not()
    {
        Twin(record => record);
        HalfTwin();
        using var model = Classifier.Load(folder["model.onnx"], device: Device.Simulated);
        Assert.Equal([QuantizedNumbers.Int8, QuantizedNumbers.Fp16], model.Twins.Select(twin => twin.Numbers));
        Assert.Contains("it runs on CUDA", model.Twins[0].Refusal, StringComparison.Ordinal);
        Assert.Null(model.Twins[1].Refusal);
        Assert.False(model.Runs(SessionKind.OneCoreFp16));
        Assert.True(model.Runs(SessionKind.AllCoresFp16));
        using var session = model.Open(SessionKind.AllCoresFp16)!;
        using var batch = model.CreateBatch(session, 1, 4);
        float[] pixels = ResidualNetwork.Pixels(), expected = ResidualNetwork.Run(ResidualNetwork.Build());
        int size = (int)model.Input.Size;
        for (int i = 0; i < 3; i++)
        {
            pixels.AsSpan(i * size, size).CopyTo(batch.Slot(i));
        }

        // Three images are filled up to four.
        Assert.Equal(4, batch.Run(session, 0, 3));
        float largest = expected.Max(Math.Abs);
        for (int i = 0; i < 3; i++)
        {
            var own = expected.AsSpan(i * model.Classes, model.Classes).ToArray();
            Assert.All(own.Zip(batch.Logits(i).ToArray()), pair => Assert.Equal(pair.First, pair.Second, 5e-3f * largest));
        }
    }

    private Classifier Load() => Classifier.Load(folder["model.onnx"]);

    private void HalfTwin()
    {
        var network = FoldedNormalization.Of(ResidualNetwork.Build());
        var plan = new HalfPrecisionPlan(network, HalfPrecisionPlan.TensorsOf(network).ToDictionary(value => value, _ => 1.0));
        var halves = HalfPrecisionNetwork.Of(network, plan);
        var record = new QuantizationRecord(
            new("model.onnx", ModelBytes.Of(folder["model.onnx"]).Sha256), "peaks", Images: 16, CalibrationAgreement: 1, WeightBits: 16,
            FloatLayers: ["fc"], JudgedImages: 8, Agreement: 1, Numbers: QuantizedNumbers.Fp16);
        (Metadata with { Quantization = record }).WriteTo(halves);
        OnnxFile.Write(halves, folder["model.fp16.onnx"]);
    }

    private void Twin(Func<QuantizationRecord, QuantizationRecord?> change, int classes = 0)
    {
        var twin = ResidualNetwork.Quantized(ResidualNetwork.Build(), bits: 7);
        if (classes > 0)
        {
            var cut = twin.Slice(twin.Outputs[0], [0], [classes], [1]);
            twin.Outputs[0] = twin.Add("Flatten", [cut], [("axis", 1L)]).Output;
        }

        var record = new QuantizationRecord(
            new("model.onnx", ModelBytes.Of(folder["model.onnx"]).Sha256), "minMax", Images: 16, CalibrationAgreement: 1, WeightBits: 7,
            FloatLayers: [], JudgedImages: 8, Agreement: 0.97);
        (Metadata with { Quantization = change(record) }).WriteTo(twin);
        OnnxFile.Write(twin, folder["model.int8.onnx"]);
    }
}
