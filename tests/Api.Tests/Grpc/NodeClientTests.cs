using Fovea.Api.Tests.Documentation;
using Fovea.Api.Tests.Hosting;

namespace Fovea.Api.Tests.Grpc;

/// <summary>Uses the service with @grpc/grpc-js, the common gRPC client for Node.</summary>
[Trait("Needs", "clients")]
public sealed class NodeClientTests
{
    private static readonly NodeFolder Scripts = new(Path.Combine("Grpc", "node"));

    [Fact]
    public async Task Client_for_Node_gets_answers_and_refusals()
    {
        var image = Path.Combine(DocumentPage.Root, "samples", "7.png");
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await GrpcService.Start(
            repository, "--Fovea:ApiKeys:0=secret", "--Fovea:RequireKeyToClassify=true", "--Fovea:MaxRequestBytes=1000000",
            "--Fovea:MaxImageBytes=1000000");
        service.Service.Client.DefaultRequestHeaders.Authorization = new("Bearer", "secret");
        var (_, expected) = await service.Service.Post(
            "/classify/lenet5?top=1", (await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken)).As("image/png"));
        var output = await Scripts.Run("client", [$"127.0.0.1:{service.Port}", "inference.proto", "secret", image]);
        Assert.Equal($"{expected.GetProperty("predictions")[0].GetProperty("label")}", output.Trim().Split('\n')[^1]);
    }
}
