using Fovea.Api.Tests.Hosting;
using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.Hosting;
using HealthClient = Grpc.Health.V1.Health.HealthClient;
using Status = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Fovea.Api.Tests.Grpc;

public sealed class GrpcHealthTests
{
    [Fact]
    public async Task Health_follows_the_readiness_of_the_service_until_the_shutdown_ends_the_stream()
    {
        var stop = TestContext.Current.CancellationToken;
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await GrpcService.Start(repository);
        var health = new HealthClient(service.Channel);
        using var watch = health.Watch(new HealthCheckRequest(), cancellationToken: stop);
        Assert.True(await watch.ResponseStream.MoveNext(stop));
        Assert.Equal(Status.Serving, watch.ResponseStream.Current.Status);
        foreach (var name in (string[])["", "inference.GRPCInferenceService"])
        {
            Assert.Equal(Status.Serving, (await health.CheckAsync(new() { Service = name }, cancellationToken: stop)).Status);
        }

        service.Service.Get<IHostApplicationLifetime>().StopApplication();
        Assert.True(await watch.ResponseStream.MoveNext(stop));
        Assert.Equal(Status.NotServing, watch.ResponseStream.Current.Status);
        Assert.False(await watch.ResponseStream.MoveNext(stop));

        // Probes are answered until the end, and other calls are refused.
        Assert.Equal(Status.NotServing, (await health.CheckAsync(new(), cancellationToken: stop)).Status);
        Assert.True((await service.Client.ServerLiveAsync(new(), cancellationToken: stop)).Live);
        Assert.False((await service.Client.ServerReadyAsync(new(), cancellationToken: stop)).Ready);
        var refusal = await GrpcService.IsRefused(
            service.Client.ModelInferAsync(GrpcService.Zeros(), cancellationToken: stop), StatusCode.Unavailable, "shutting down");
        Assert.Equal("5000", refusal.Trailers.GetValue("grpc-retry-pushback-ms"));
    }

    [Fact]
    public async Task Unknown_service_has_no_health()
    {
        var stop = TestContext.Current.CancellationToken;
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await GrpcService.Start(repository);
        var health = new HealthClient(service.Channel);
        await GrpcService.IsRefused(
            health.CheckAsync(new() { Service = "other" }, cancellationToken: stop),
            StatusCode.NotFound,
            "expected inference.GRPCInferenceService or nothing");
        using var watch = health.Watch(new() { Service = "other" }, cancellationToken: stop);
        Assert.True(await watch.ResponseStream.MoveNext(stop));
        Assert.Equal(Status.ServiceUnknown, watch.ResponseStream.Current.Status);
    }
}
