using System.Net;
using Fovea.Api.Requests;
using Fovea.Api.Tests.Classification;
using Fovea.Api.Tests.Hosting;

namespace Fovea.Api.Tests.Requests;

[Trait("Needs", "time")]
public sealed class SlowBodyTests
{
    private const int Slow = 300;

    [Theory]
    [InlineData("/classify/lenet5", "Content-Type: image/png")]
    [InlineData("/classify/lenet5", "Content-Type: multipart/form-data; boundary=x")]
    [InlineData("/v2/models/lenet5/infer", "Content-Type: application/json")]
    public async Task Slow_bodies_do_not_block_requests_of_other_clients(string path, string type)
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(repository, null, "--Fovea:MaxQueue=8");
        var slow = new List<RawClient>();
        for (int i = 0; i < Slow; i++)
        {
            var client = await RawClient.Connect(service.Client.BaseAddress!);
            await client.Send([.. RawClient.Head(path, type, "Content-Length: 15000"), .. "--x\r\n"u8]);
            slow.Add(client);
        }

        await Eventually.True(() => Task.FromResult(service.Get<BodyBudget>().Held >= Slow * 5));
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(200, (await service.Post("/classify/lenet5", Images.Digit.As(null))).Status);
        }

        slow.ForEach(client => client.Reset());
        await Eventually.True(() => Task.FromResult(service.Get<BodyBudget>().Held == 0));
        Assert.Empty(service.Logs.Errors);
    }

    [Theory]
    [InlineData("Content-Length: 20000000", "20,000,000")]
    [InlineData("Transfer-Encoding: chunked", "2 bytes have arrived")]
    public async Task Body_too_slow_for_its_length_is_408_and_its_connection_is_closed(string length, string named)
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(repository, null, "--Fovea:BodySeconds=1");
        using var client = await RawClient.Connect(service.Client.BaseAddress!);
        await client.Send([.. RawClient.Head("/classify/lenet5", length), .. length[0] == 'T' ? "2\r\nab\r\n"u8 : "ab"u8]);
        var answer = await client.Receive();
        Assert.StartsWith("HTTP/1.1 408", answer, StringComparison.Ordinal);
        Assert.Contains("too_slow", answer, StringComparison.Ordinal);
        Assert.Contains(named, answer, StringComparison.Ordinal);
        Assert.Contains("Connection: close", answer, StringComparison.Ordinal);
        Assert.Contains(
            "fovea_bodies_refused_total{otel_scope_name=\"Fovea\",reason=\"pace\"}", await service.Metrics(), StringComparison.Ordinal);
        Assert.Empty(service.Logs.Errors);
    }

    [Fact]
    public async Task Body_that_keeps_the_pace_is_answered()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(repository, null, "--Fovea:BodySeconds=20");
        using var client = await RawClient.Connect(service.Client.BaseAddress!);
        await client.Send(RawClient.Head("/classify/lenet5", $"Content-Length: {Images.Digit.Length}"));
        foreach (var piece in Images.Digit.Chunk(Images.Digit.Length / 8))
        {
            await Task.Delay(250, TestContext.Current.CancellationToken);
            await client.Send(piece);
        }

        Assert.StartsWith("HTTP/1.1 200", await client.Receive(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Caller_that_holds_too_much_memory_is_429_and_other_callers_are_answered()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(repository, null, "--Fovea:MaxBufferedBytes=1048576");
        var piece = new byte[200_000];
        var held = new List<RawClient>();
        for (int i = 0; i < 2; i++)
        {
            var client = await RawClient.Connect(service.Client.BaseAddress!);
            await client.Send([.. RawClient.Head("/classify/lenet5", "Content-Length: 300000"), .. piece]);
            held.Add(client);
            await Eventually.True(() => Task.FromResult(service.Get<BodyBudget>().Held >= (i + 1) * 200_000));
        }

        using var third = await RawClient.Connect(service.Client.BaseAddress!);
        await third.Send([.. RawClient.Head("/classify/lenet5", "Content-Length: 300000"), .. piece]);
        var refused = await third.Receive();
        Assert.StartsWith("HTTP/1.1 429", refused, StringComparison.Ordinal);
        Assert.Contains("Retry-After", refused, StringComparison.Ordinal);
        Assert.Contains("rate_limited", refused, StringComparison.Ordinal);

        using var other = await RawClient.Connect(service.Client.BaseAddress!, IPAddress.Parse("127.0.0.2"));
        await other.Send([.. RawClient.Head("/classify/lenet5", $"Content-Length: {Images.Digit.Length}"), .. Images.Digit[..50]]);
        await Task.Delay(100, TestContext.Current.CancellationToken);
        await other.Send(Images.Digit[50..]);
        Assert.StartsWith("HTTP/1.1 200", await other.Receive(), StringComparison.Ordinal);
        held.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task Body_in_pieces_of_any_size_is_read_unchanged()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(repository);
        var image = Images.Stroke(SkiaSharp.SKEncodedImageFormat.Png, 600);
        var (_, whole) = await service.Post("/classify/lenet5", image.As(null));
        foreach (int piece in (int[])[1 + (image.Length / 40), 700, 5000])
        {
            (await service.Post("/classify/lenet5", new DribblingContent(image, piece))).Json.IsLike(whole);
        }
    }
}
