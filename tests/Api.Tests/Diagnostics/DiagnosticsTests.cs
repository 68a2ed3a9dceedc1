using System.Text.Json;
using Fovea.Api.Hosting;
using Fovea.Api.Tests.Hosting;
using Fovea.Models.Errors;
using Fovea.Models.Runtime;

namespace Fovea.Api.Tests.Diagnostics;

public sealed class DiagnosticsTests(SharedService shared)
{
    [Fact]
    public async Task Diagnostics_report_the_device_and_the_reason_for_it()
    {
        var json = await shared.Running.Get("/diagnostics");
        Assert.Equal(["versions", "device", "threads", "memory", "models"], json.EnumerateObject().Select(part => part.Name));
        Assert.Equal(Sessions.Version, json.GetProperty("versions").GetProperty("onnxRuntime").GetString());
        Assert.Equal("cpu", json.GetProperty("device").GetProperty("provider").GetString());
        Assert.Contains("Device is auto", json.GetProperty("device").GetProperty("reason").GetString(), StringComparison.Ordinal);
        await shared.Running.Logs.Until("Networks run on cpu. Device is auto");
        Assert.Contains("CPUExecutionProvider", $"{json.GetProperty("device").GetProperty("available")}", StringComparison.Ordinal);
        Assert.True(json.GetProperty("memory").GetProperty("resident").GetInt64() > 10_000_000);
        Assert.Contains(
            json.GetProperty("models").EnumerateArray(),
            model => model.GetProperty("name").GetString() == "lenet5" && model.GetProperty("serves").GetBoolean());
    }

    [Fact]
    [Trait("Needs", "time")]
    public async Task Diagnostics_report_the_batch_sizes_with_their_measured_times()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(repository, null, "--Fovea:MaxBatch=4");
        await Eventually.True(async () => (await Sizes()).GetArrayLength() > 0);
        var first = (await Sizes())[0];
        Assert.InRange(first.GetProperty("size").GetInt32(), 1, 4);
        Assert.True(first.GetProperty("imagesPerSecond").GetDouble() > 0);

        async Task<JsonElement> Sizes() => (await service.Get("/diagnostics")).GetProperty("models")[0].GetProperty("batchSizes");
    }

    [Fact]
    public void Device_cuda_in_a_build_for_the_cpu_stops_the_start_with_a_remedy()
    {
        var error = Assert.Throws<FoveaException>(() =>
            Service.Build(["--Fovea:Device=cuda", $"--Fovea:ModelRepository={Path.GetTempPath()}"]));
        Assert.Contains("-p:OnnxRuntime=gpu", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<FoveaException>(() => Service.Build(["--Fovea:Device=gpu", $"--Fovea:ModelRepository={Path.GetTempPath()}"]));
        Assert.Equal("Fovea:Device is gpu; expected auto, cpu or cuda.", error.Message);
    }
}
