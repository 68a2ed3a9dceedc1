using System.Net;
using System.Net.Http.Headers;
using Fovea.Api.ModelRepository;
using Fovea.Api.Tests.Hosting;
using Grpc.Core;
using HealthClient = Grpc.Health.V1.Health.HealthClient;

namespace Fovea.Api.Tests.Grpc;

/// <summary>The limits, keys and metrics of the other routes hold for gRPC.</summary>
public sealed class GrpcLimitTests
{
    private static readonly Uri Infer = new("/inference.GRPCInferenceService/ModelInfer", UriKind.Relative);

    [Fact]
    public async Task Model_at_capacity_refuses_at_once_and_says_when_to_retry()
    {
        using var repository = new Repository().With("grpcfull", 1);
        await using var service = await GrpcService.Start(repository, "--Fovea:MaxQueue=1");
        using (var underWay = service.Service.Get<ModelStore>().Find("grpcfull").Serve())
        {
            underWay.Admit();
            var refusal = await GrpcService.IsRefused(
                service.Client.ModelInferAsync(GrpcService.Zeros("grpcfull"), cancellationToken: TestContext.Current.CancellationToken),
                StatusCode.ResourceExhausted,
                "grpcfull is at capacity (1 requests in flight)");
            Assert.Equal("overloaded", refusal.Trailers.GetValue("error-code"));
            Assert.InRange(int.Parse(refusal.Trailers.GetValue("grpc-retry-pushback-ms")!, null), 1, 60_000);
        }

        await service.Client.ModelInferAsync(GrpcService.Zeros("grpcfull"), cancellationToken: TestContext.Current.CancellationToken);
        var metrics = await service.Service.Metrics();
        Assert.Contains(
            "fovea_answers_total{otel_scope_name=\"Fovea\",model=\"grpcfull\",outcome=\"ok\",reason=\"none\"} 1",
            metrics,
            StringComparison.Ordinal);
        Assert.Contains(
            "fovea_answers_total{otel_scope_name=\"Fovea\",model=\"grpcfull\",outcome=\"refused\",reason=\"overloaded\"} 1",
            metrics,
            StringComparison.Ordinal);
        foreach (var stage in (string[])["admit", "queue", "infer", "write"])
        {
            Assert.Contains($"model=\"grpcfull\",stage=\"{stage}\"", metrics, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Key_is_needed_where_the_settings_say_so_and_only_to_infer()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await GrpcService.Start(
            repository, "--Fovea:ApiKeys:0=first", "--Fovea:RequireKeyToClassify=true");
        var stop = TestContext.Current.CancellationToken;
        foreach (var (authorization, status, reason) in ((string?, StatusCode, string)[])
        [
            (null, StatusCode.Unauthenticated, "the request has none; expected the header Authorization: Bearer KEY"),
            ("Bearer wrong", StatusCode.Unauthenticated, "has an unknown one"),
            ("first", StatusCode.Unauthenticated, "has an unknown one"),
        ])
        {
            var refusal = await GrpcService.IsRefused(
                service.Client.ModelInferAsync(GrpcService.Zeros(), Authorization(authorization), cancellationToken: stop), status, reason);
            Assert.Equal("unauthorized", refusal.Trailers.GetValue("error-code"));
        }

        await service.Client.ModelInferAsync(GrpcService.Zeros(), Authorization("Bearer first"), cancellationToken: stop);
        Assert.True((await service.Client.ModelReadyAsync(new() { Name = "lenet5" }, cancellationToken: stop)).Ready);
    }

    [Fact]
    public async Task Caller_over_its_rate_is_refused_but_health_is_not_counted()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await GrpcService.Start(repository, "--Fovea:RequestsPerMinute=1");
        var stop = TestContext.Current.CancellationToken;
        await service.Client.ServerLiveAsync(new(), cancellationToken: stop);
        var refusal = await GrpcService.IsRefused(
            service.Client.ServerLiveAsync(new(), cancellationToken: stop),
            StatusCode.ResourceExhausted,
            "more than the 1 requests allowed in a minute");
        Assert.True(refusal.Trailers.GetValue("retry-after") is not null);
        var health = new HealthClient(service.Channel);
        for (int i = 0; i < 3; i++)
        {
            await health.CheckAsync(new(), cancellationToken: stop);
        }
    }

    [Fact]
    public async Task Answer_after_the_deadline_of_the_settings_is_refused()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await GrpcService.Start(repository, "--Fovea:DeadlineSeconds=1");
        using var lease = service.Service.Get<ModelStore>().Find("lenet5").Serve();
        using (lease.Model.Scheduler.Expect())
        {
            await GrpcService.IsRefused(
                service.Client.ModelInferAsync(GrpcService.Zeros(), cancellationToken: TestContext.Current.CancellationToken),
                StatusCode.DeadlineExceeded,
                "longer than the 1 s allowed");
        }

        await service.Client.ModelInferAsync(GrpcService.Zeros(), cancellationToken: TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Cancelled_call_and_call_past_its_own_deadline_give_their_places_back()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await GrpcService.Start(repository, "--Fovea:MaxQueue=1");
        var found = service.Service.Get<ModelStore>().Find("lenet5");
        using var lease = found.Serve();
        using (lease.Model.Scheduler.Expect())
        {
            using var cancelling = new CancellationTokenSource();
            var call = service.Client.ModelInferAsync(GrpcService.Zeros(), cancellationToken: cancelling.Token);
            await Eventually.True(() => Task.FromResult(lease.Model.Admission.Taken == 1));
            await cancelling.CancelAsync();
            Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync)).StatusCode);
            await Eventually.True(() => Task.FromResult(lease.Model.Admission.Taken == 0));

            var late = service.Client.ModelInferAsync(
                GrpcService.Zeros(), null, DateTime.UtcNow.AddMilliseconds(500), TestContext.Current.CancellationToken);
            Assert.Equal(StatusCode.DeadlineExceeded, (await Assert.ThrowsAsync<RpcException>(() => late.ResponseAsync)).StatusCode);
            await Eventually.True(() => Task.FromResult(lease.Model.Admission.Taken == 0));
        }

        await service.Client.ModelInferAsync(GrpcService.Zeros(), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Empty(service.Service.Logs.Errors);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Message_over_the_limit_is_refused_also_if_it_is_small_while_compressed(bool isCompressed)
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await GrpcService.Start(
            repository, "--Fovea:MaxRequestBytes=100000", "--Fovea:MaxImageBytes=100000");
        var message = GrpcService.Raw(new byte[300_000], "BYTES", 1);
        var options = new CallOptions(isCompressed ? new() { { "grpc-internal-encoding-request", "gzip" } } : null);
        await GrpcService.IsRefused(
            service.Client.ModelInferAsync(message, options), StatusCode.ResourceExhausted, "more than the 100,000 bytes allowed");
        await service.Client.ModelInferAsync(
            GrpcService.Zeros(), new CallOptions(isCompressed ? new() { { "grpc-internal-encoding-request", "gzip" } } : null));
    }

    [Theory]
    [InlineData("", "", 3, "The call has no message")]
    [InlineData("00", "", 3, "1 bytes, which are not one message")]
    [InlineData("0000000001", "", 3, "5 bytes, which are not one message")]
    [InlineData("00000000010a0a", "", 3, "7 bytes, which are not one message")]
    [InlineData("0200000000", "", 3, "which are not one message")]
    [InlineData("00ffffffff", "", 3, "which are not one message")]
    [InlineData("0000000003ffffff", "", 3, "cannot be parsed as ModelInferRequest")]
    [InlineData("000000000108", "", 3, "cannot be parsed as ModelInferRequest")]
    [InlineData("0100000003010203", "gzip", 3, "cannot be decoded as gzip")]
    [InlineData("0100000003010203", "snappy", 12, "grpc-encoding is snappy; expected gzip, deflate or none")]
    [InlineData("0000000000", "", 5, "There is no model ")]
    public async Task Body_that_is_not_one_message_is_refused_with_the_reason(string hex, string encoding, int status, string reason)
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await GrpcService.Start(repository);
        using var client = new HttpClient { BaseAddress = new Uri(service.Address) };
        using var request = new HttpRequestMessage(HttpMethod.Post, Infer)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(Convert.FromHexString(hex)),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.Add("te", "trailers");
        if (encoding.Length > 0)
        {
            request.Headers.Add("grpc-encoding", encoding);
        }

        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal($"{status}", Value("grpc-status"));
        Assert.Contains(reason, Uri.UnescapeDataString(Value("grpc-message")), StringComparison.Ordinal);

        string Value(string name) =>
            (answer.Headers.TryGetValues(name, out var values) || answer.TrailingHeaders.TryGetValues(name, out values)
                ? values
                : [""]).Single();
    }

    private static Metadata? Authorization(string? value) => value is null ? null : new() { { "authorization", value } };
}
