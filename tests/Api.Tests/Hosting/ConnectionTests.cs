using System.Net.Sockets;
using Fovea.Api.Requests;

namespace Fovea.Api.Tests.Hosting;

public sealed class ConnectionTests
{
    [Fact]
    [Trait("Needs", "time")]
    public async Task Client_that_closes_its_sending_side_after_a_whole_request_gets_its_answer()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(repository);
        var image = Images.Stroke(SkiaSharp.SKEncodedImageFormat.Jpeg, 1500);
        for (int i = 0; i < 20; i++)
        {
            using var client = await RawClient.Connect(service.Client.BaseAddress!);
            await client.Send([.. RawClient.Head("/classify/lenet5", $"Content-Length: {image.Length}"), .. image]);
            client.EndSending();
            Assert.StartsWith("HTTP/1.1 200", await client.Receive(), StringComparison.Ordinal);
        }

        Assert.Empty(service.Logs.Errors);
    }

    [Fact]
    public async Task Client_that_closes_its_sending_side_during_a_request_gets_no_answer_and_its_request_ends()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(repository);
        using var client = await RawClient.Connect(service.Client.BaseAddress!);
        await client.Send([.. RawClient.Head("/classify/lenet5", "Content-Length: 5000"), .. Images.Digit]);
        client.EndSending();
        await Assert.ThrowsAsync<SocketException>(client.Receive);
        await Eventually.True(() => Task.FromResult(service.Get<BodyBudget>().Held == 0));
        Assert.Empty(service.Logs.Errors);
    }
}
