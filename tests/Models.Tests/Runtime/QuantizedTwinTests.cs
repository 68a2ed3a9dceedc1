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

    // Each change makes a twin that is not used; the text is part of the reason.
    private static Dictionary<string, Func<QuantizationRecord, QuantizationRecord?>> Refused => new()
    {
        ["not a file that quantize wrote"] = _ => null,
        ["made from another float file"] = record => record with { Source = new("model.onnx", new string('0', 64)) },
        ["agree with the float file's for 94.0 %"] = record => record with { Agreement = 0.94 },
        ["agree with the float file's for 12.5 %"] = record => record with { CalibrationAgreement = 0.125 },
        ["has weights of 9 bits; expected 7 or 8"] = record => record with { WeightBits = 9 },
    };

    public static TheoryData<string> Reasons => new(Refused.Keys);

    private static ModelMetadata Metadata => new() { Preprocessing = new() { Crop = [12, 12] } };

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Twin_of_the_file_runs_in_its_place()
    {
        Twin(record => record);
        using var model = Load();
        Assert.Null(model.Twin!.Refusal);
        Assert.Equal(ModelBytes.Of(folder["model.int8.onnx"]).Sha256, model.Twin.Sha256);
        if (model.CanRunSideBySide)
        {
            using var session = model.Open(SessionKind.OneCoreQuantized)!;
            Assert.Equal(SessionKind.OneCoreQuantized, session.Kind);
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
        Assert.Contains(reason, model.Twin!.Refusal, StringComparison.Ordinal);
        Assert.Null(model.Twin.Sha256);
        Assert.Null(model.Open(SessionKind.OneCoreQuantized));
    }

    [Fact]
    public void Weights_of_8_bits_are_used_only_where_the_processor_computes_them_exactly()
    {
        Twin(record => record with { WeightBits = 8 });
        using var model = Load();
        Assert.Equal(IntegerProducts.Exact, model.Twin!.Refusal is null);
    }

    [Fact]
    public void Twin_of_another_shape_or_a_damaged_one_is_not_used()
    {
        Twin(record => record, classes: 4);
        using (var model = Load())
        {
            Assert.Contains("input or output has another shape", model.Twin!.Refusal, StringComparison.Ordinal);
        }

        File.WriteAllText(folder["model.int8.onnx"], "no network");
        using (var model = Load())
        {
            Assert.Contains("is not an ONNX file", model.Twin!.Refusal, StringComparison.Ordinal);
            Assert.Null(model.Open(SessionKind.OneCoreQuantized));
        }
    }

    [Fact]
    public void File_without_a_twin_has_no_such_session()
    {
        using var model = Load();
        Assert.Null(model.Twin);
        Assert.Null(model.Open(SessionKind.OneCoreQuantized));
    }

    private Classifier Load() => Classifier.Load(folder["model.onnx"]);

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
