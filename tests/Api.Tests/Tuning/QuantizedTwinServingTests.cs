using Fovea.Api.Tests.Hosting;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;

namespace Fovea.Api.Tests.Tuning;

[Trait("Needs", "time")]
public sealed class QuantizedTwinServingTests
{
    // The twin computes what the file computes, so that it does not matter whether it is measured to be faster.
    [Fact]
    public async Task Diagnostics_say_whether_the_twin_is_used_and_how_far_it_agreed()
    {
        using var repository = new Repository().With("lenet5", 1);
        WriteTwin(repository, source: null);
        await using var service = await TestService.StartReady(repository, null, "--Fovea:MaxBatch=4");
        var (status, json) = await service.Post("/classify/lenet5", Images.Digit.As(null));
        Assert.Equal(200, status);
        Assert.Equal(1, json.GetProperty("version").GetInt32());
        await service.Logs.Until("runs in batches of");
        var model = (await service.Get("/diagnostics")).GetProperty("models")[0];
        var said = model.GetProperty("int8").GetString()!;
        Assert.EndsWith(
            "float and INT8 give the same answer for 100.0 % of 300 calibration images and 99.5 % of 200 others",
            said,
            StringComparison.Ordinal);
        bool isUsed = model.GetProperty("batchSizes").EnumerateArray().Any(size => size.GetProperty("quantized").GetBoolean());
        Assert.StartsWith(isUsed ? "used: it was measured to be faster here" : "not used", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Twin_of_another_file_is_not_used_and_a_version_without_a_twin_says_nothing()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using (var service = await TestService.StartReady(repository, null, "--Fovea:MaxBatch=4"))
        {
            Assert.False((await service.Get("/diagnostics")).GetProperty("models")[0].TryGetProperty("int8", out _));
        }

        WriteTwin(repository, source: new string('0', 64));
        await using (var service = await TestService.StartReady(repository, null, "--Fovea:MaxBatch=4"))
        {
            await service.Logs.Until("runs in batches of");
            var model = (await service.Get("/diagnostics")).GetProperty("models")[0];
            Assert.Equal(
                "not used: it was made from another float file; quantize the present float file", model.GetProperty("int8").GetString());
            Assert.All(model.GetProperty("batchSizes").EnumerateArray(), size => Assert.False(size.GetProperty("quantized").GetBoolean()));
        }
    }

    private static void WriteTwin(Repository repository, string? source)
    {
        var model = Path.Combine(repository.Folder, "lenet5", "1", "model.onnx");
        var graph = OnnxFile.Read(model);
        var record = new QuantizationRecord(
            new("model.onnx", source ?? ModelBytes.Of(model).Sha256), "minMax", Images: 300, CalibrationAgreement: 1, WeightBits: 7,
            FloatLayers: [], JudgedImages: 200, Agreement: 0.995);
        (ModelMetadata.Read(graph.Metadata) with { Quantization = record }).WriteTo(graph);
        OnnxFile.Write(graph, Path.ChangeExtension(model, ".int8.onnx"));
    }
}
