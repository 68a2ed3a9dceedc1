using System.Net.Sockets;
using System.Text;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.Classification;

public sealed class LargeBodyTests(SharedService shared)
{
    private readonly HttpClient client = shared.Running.Client;

    [Theory]
    [InlineData(30_000_000, false, false)]
    [InlineData(30_000_000, false, true)]
    [InlineData(30_000_000, true, false)]
    [InlineData(30_000_000, true, true)]
    [InlineData((20 << 20) + 1, false, false)]
    [InlineData(110_000_000, false, false)]
    public async Task Body_over_the_limit_is_413_with_and_without_a_declared_length(int bytes, bool chunked, bool expectsContinue)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/classify/lenet5")
        {
            Content = chunked ? new DribblingContent(new byte[bytes], piece: 1 << 20) : new byte[bytes].As("image/png"),
            Headers = { ExpectContinue = expectsContinue },
        };
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        await answer.IsProblem(413, "too_large", "20,971,520");
    }

    [Fact]
    public async Task Body_of_exactly_the_limit_is_read()
    {
        using var answer = await client.PostAsync(
            "/classify/lenet5", new byte[20 << 20].As("image/png"), TestContext.Current.CancellationToken);
        await answer.IsProblem(422, "not_an_image", "20,971,520 bytes");
    }

    [Fact]
    public async Task Json_whose_image_is_over_the_limit_is_413()
    {
        var body = Encoding.ASCII.GetBytes($$"""{"image": "{{Convert.ToBase64String(new byte[(20 << 20) + 1])}}"}""");
        using var answer = await client.PostAsync("/classify/lenet5", body.As("application/json"), TestContext.Current.CancellationToken);
        await answer.IsProblem(413, "too_large", "20,971,521");
    }

    [Fact]
    public async Task Form_over_the_limit_of_a_request_is_413()
    {
        using var answer = await client.PostAsync(
            "/classify/lenet5", Images.Form([.. Enumerable.Repeat(new byte[18 << 20], 6)]), TestContext.Current.CancellationToken);
        await answer.IsProblem(413, "too_large", "104,857,600");
    }

    [Fact]
    public async Task Client_that_declares_too_large_a_body_is_refused_before_it_sends_the_body()
    {
        using var socket = await Connect("Content-Length: 99999999999");
        Assert.StartsWith("HTTP/1.1 413", await FirstLine(socket), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_that_disconnects_causes_no_error_in_the_log()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(repository);
        foreach (var type in (string[])["image/png", "application/json", "multipart/form-data; boundary=x"])
        {
            using var socket = await Connect($"Content-Type: {type}\r\nContent-Length: 1000", service.Client.BaseAddress);
            await Task.Delay(100, TestContext.Current.CancellationToken);
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }

        await Task.Delay(300, TestContext.Current.CancellationToken);
        Assert.Equal(200, (await service.Post("/classify/lenet5", Images.Digit.As(null))).Status);
        Assert.Equal([], service.Logs.Errors);
    }

    private async Task<Socket> Connect(string headers, Uri? address = null)
    {
        address ??= client.BaseAddress!;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address.Host, address.Port);
        await socket.SendAsync(
            Encoding.ASCII.GetBytes($"POST /classify/lenet5 HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n--x\r\nabc"));
        return socket;
    }

    private static async Task<string> FirstLine(Socket socket)
    {
        using var reader = new StreamReader(new NetworkStream(socket));
        return await reader.ReadLineAsync() ?? "";
    }
}
