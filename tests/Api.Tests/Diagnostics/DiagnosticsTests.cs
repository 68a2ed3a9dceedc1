using System.Text.Json;
using Fovea.Api.Hosting;
using Fovea.Api.Tests.Hosting;
using Fovea.Models.Errors;
using Fovea.Models.Onnx;
using Fovea.Models.Runtime;
using Google.Protobuf;

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
    public async Task Network_that_cannot_be_rewritten_runs_unchanged_and_the_reason_is_logged_once()
    {
        // ONNX Runtime knows operator set 25, which Fovea's converter does not.
        using var repository = new Repository().With("new", 1);
        var file = Path.Combine(repository.Folder, "new", "1", "model.onnx");
        var model = ModelProto.Parser.ParseFrom(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        model.OpsetImport.Single(set => set.Domain.Length == 0).Version = 25;
        await File.WriteAllBytesAsync(file, model.ToByteArray(), TestContext.Current.CancellationToken);
        await using var service = await TestService.StartReady(repository);
        const string Reason = "uses operator set 25; expected 3 to 24";
        await Eventually.True(async () => $"{(await service.Get("/diagnostics")).GetProperty("models")[0]}".Contains(
            Reason, StringComparison.Ordinal));
        var reason = (await service.Get("/diagnostics")).GetProperty("models")[0].GetProperty("rewriteFailure").GetString();
        Assert.Contains(Reason, reason, StringComparison.Ordinal);
        Assert.DoesNotContain(repository.Folder, reason, StringComparison.Ordinal);
        await service.Logs.Until("new version 1 runs unchanged, because rewriting its network failed: ");
        Assert.Equal(200, (await service.Post("/classify/new", Images.Digit.As(null))).Status);
        Assert.Single(service.Logs.Texts, text => text.Contains("rewriting its network failed", StringComparison.Ordinal));
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
