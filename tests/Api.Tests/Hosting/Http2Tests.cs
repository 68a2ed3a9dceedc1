using System.Net;
using System.Net.Sockets;
using System.Text;
using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.Hosting;

public sealed class Http2Tests : IAsyncLifetime
{
    private readonly Repository repository = new Repository().With("lenet5", 1);
    private TestService service = null!;

    public async ValueTask InitializeAsync() => service = await TestService.StartReady(repository);

    public async ValueTask DisposeAsync()
    {
        await service.DisposeAsync();
        repository.Dispose();
    }

    [Fact]
    [Trait("Needs", "time")]
    public async Task Client_that_knows_beforehand_speaks_HTTP2_without_TLS_beside_HTTP1_on_one_port()
    {
        using var client = Client();
        foreach (var version in (Version[])[HttpVersion.Version20, HttpVersion.Version11, HttpVersion.Version20])
        {
            using var request = Request("/classify/lenet5", version, Images.Digit.As("image/png"));
            using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal((HttpStatusCode.OK, version), (answer.StatusCode, answer.Version));
        }

        // The image is larger than a frame and a flow-control window of HTTP/2, and many streams are open at once.
        var large = Images.Stroke(SkiaSharp.SKEncodedImageFormat.Png, 1500);
        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(async i =>
        {
            using var request = Request(
                "/classify/lenet5", HttpVersion.Version20, i % 2 == 0 ? large.As("image/png") : Images.Digit.As("image/png"));
            using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
            return answer.StatusCode;
        }));
        Assert.All(answers, status => Assert.Equal(HttpStatusCode.OK, status));
    }

    [Fact]
    public async Task Errors_and_limits_hold_on_HTTP2_too()
    {
        using var client = Client();
        using var request = Request("/classify/lenet5", HttpVersion.Version20, new byte[(20 << 20) + 1].As("image/png"));
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        await answer.IsProblem(413, "too_large", "20,971,520");
        using var unknown = await client.SendAsync(Request("/nowhere", HttpVersion.Version20, null), TestContext.Current.CancellationToken);
        await unknown.IsProblem(404, "unknown_route", "/nowhere");
    }

    [Fact]
    public async Task Connection_may_send_its_first_bytes_one_by_one_or_none()
    {
        using var silent = new TcpClient("127.0.0.1", service.Client.BaseAddress!.Port);
        using var slow = new TcpClient("127.0.0.1", service.Client.BaseAddress!.Port);
        foreach (
            byte letter in Encoding.ASCII.GetBytes(
                "PUT /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
        {
            await slow.GetStream().WriteAsync(new[] { letter }, TestContext.Current.CancellationToken);
            await slow.GetStream().FlushAsync(TestContext.Current.CancellationToken);
        }

        using var reader = new StreamReader(slow.GetStream());
        Assert.StartsWith("HTTP/1.1 404", await reader.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.True(silent.Connected);
    }

    private HttpClient Client() => new() { BaseAddress = service.Client.BaseAddress };

    private static HttpRequestMessage Request(string path, Version version, HttpContent? body) =>
        new(HttpMethod.Post, path) { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = body };
}
