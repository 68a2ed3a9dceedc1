using System.Net;
using Fovea.Client.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Fovea.Client.Tests;

/// <summary>Which requests are sent again.</summary>
public sealed class RetriesTests
{
    private static readonly Dictionary<string, Func<FoveaClient, Task>> Requests = new()
    {
        ["classify"] = client => client.ClassifyAsync("lenet5", new byte[1], stop: Stop),
        ["classify all"] = client => client.ClassifyAllAsync("lenet5", [new byte[1]], stop: Stop),
        ["explain"] = client => client.ExplainAsync("lenet5", new byte[1], stop: Stop),
        ["models"] = client => client.ListModelsAsync(Stop),
        ["delete"] = client => client.Datasets.DeleteAsync("ds_0123456789abcdef", Stop),
        ["upload"] = client => client.Datasets.UploadAsync(new MemoryStream(new byte[10]), stop: Stop),
        ["create"] = client => client.FineTuning.CreateAsync(new() { Dataset = "ds_0123456789abcdef" }, Stop),
        ["cancel"] = client => client.FineTuning.CancelAsync("ftjob-1", Stop),
        ["ready"] = client => client.CheckReadyAsync(Stop),
    };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("classify", 503, 4)]
    [InlineData("classify", 429, 4)]
    [InlineData("classify", 422, 1)]
    [InlineData("classify", 500, 1)]
    [InlineData("classify", 504, 1)]
    [InlineData("classify all", 503, 4)]
    [InlineData("explain", 429, 4)]
    [InlineData("models", 503, 4)]
    [InlineData("delete", 503, 4)]
    [InlineData("upload", 429, 4)]
    [InlineData("upload", 503, 1)]
    [InlineData("create", 429, 4)]
    [InlineData("create", 503, 1)]
    [InlineData("cancel", 503, 1)]
    [InlineData("ready", 503, 1)]
    public async Task Request_is_sent_again_only_where_that_does_no_harm(string request, int status, int times)
    {
        await using var server = await RefusingServer.Start(status);
        using var client = new FoveaClient(new FoveaClientOptions { Address = server.Address, Retries = 3 });
        var refused = await Assert.ThrowsAsync<FoveaClientException>(() => Requests[request](client));
        Assert.Equal(times, server.Requests);
        Assert.Equal(((HttpStatusCode)status, "overloaded", TimeSpan.Zero), (refused.Status, refused.Code, refused.RetryAfter));
        Assert.Equal("No place is free.", refused.Message);
    }

    [Fact]
    public async Task Long_wait_is_left_to_the_caller()
    {
        await using var server = await RefusingServer.Start(429, retryAfter: "60");
        using var client = new FoveaClient(new FoveaClientOptions { Address = server.Address, Retries = 3 });
        var refused = await Assert.ThrowsAsync<FoveaClientException>(() => Requests["create"](client));
        Assert.Equal((1, TimeSpan.FromMinutes(1)), (server.Requests, refused.RetryAfter));
    }

    [Fact]
    public async Task Client_of_the_services_has_the_same_retries()
    {
        await using var server = await RefusingServer.Start(503);
        await using var services = new ServiceCollection()
            .AddFoveaClient(options => (options.Address, options.Retries) = (server.Address, 2)).Services.BuildServiceProvider();
        var client = services.GetRequiredService<FoveaClient>();
        await Assert.ThrowsAsync<FoveaClientException>(() => Requests["classify"](client));
        Assert.Equal(3, server.Requests);
        await Assert.ThrowsAsync<FoveaClientException>(() => Requests["create"](client));
        Assert.Equal(4, server.Requests);
    }

    [Fact]
    public async Task Stream_that_cannot_be_read_twice_is_sent_once()
    {
        await using var server = await RefusingServer.Start(429);
        using var client = new FoveaClient(new FoveaClientOptions { Address = server.Address, Retries = 3 });
        using var pipe = new System.IO.Compression.DeflateStream(new MemoryStream(), System.IO.Compression.CompressionMode.Decompress);
        await Assert.ThrowsAsync<FoveaClientException>(() => client.Datasets.UploadAsync(pipe, stop: Stop));
        Assert.Equal(1, server.Requests);
    }

    [Theory]
    [InlineData("POST", HttpRequestError.ConnectionError, true)]
    [InlineData("POST", HttpRequestError.NameResolutionError, true)]
    [InlineData("POST", HttpRequestError.ResponseEnded, false)]
    [InlineData("POST", HttpRequestError.Unknown, false)]
    [InlineData("GET", HttpRequestError.ResponseEnded, true)]
    [InlineData("DELETE", HttpRequestError.ResponseEnded, true)]
    public void Request_that_may_have_arrived_is_repeated_only_if_it_may_arrive_twice(string method, HttpRequestError error, bool repeats)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "http://localhost/");
        Assert.Equal(repeats, Retries.MayRepeat(request, null, new HttpRequestException(error)));
        Retries.Forbid(request);
        Assert.False(Retries.MayRepeat(request, null, new HttpRequestException(error)));
    }

    [Fact]
    public async Task Answer_that_is_not_the_services_names_the_address()
    {
        await using var server = await RefusingServer.Start(502, "text/html");
        using var client = new FoveaClient(new FoveaClientOptions { Address = new Uri(server.Address, "proxied") });
        var refused = await Assert.ThrowsAsync<FoveaClientException>(() => client.ListModelsAsync(Stop));
        Assert.Equal(FoveaProblem.UnexpectedAnswer, refused.Code);
        Assert.Contains("/proxied/models has answered 502", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_out_of_their_range_are_refused()
    {
        foreach (var (options, problem) in new (FoveaClientOptions, string)[]
        {
            (new() { Address = new("models", UriKind.Relative) }, "Address is models; expected an absolute http or https address."),
            (new() { Retries = 11 }, "Retries is 11; expected 0 to 10."),
            (new() { Timeout = TimeSpan.Zero }, "Timeout is 00:00:00; expected more than 0."),
        })
        {
            Assert.Equal(problem, Assert.Throws<ArgumentException>(() => new FoveaClient(options)).Message);
        }
    }
}
