using System.Diagnostics;
using System.Net;
using Fovea.Api.Probes;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.Probes;

public sealed class HealthTests(SharedService shared)
{
    [Fact]
    public async Task Service_is_alive_but_not_ready_while_a_model_loads()
    {
        using var repository = new Repository().With("lenet5", 1).With("slow", 1);

        // Opening a named pipe for reading blocks until another process opens it for writing, so this model never finishes loading.
        var pipe = Path.Combine(repository.Folder, "slow", "model.json");
        using (var mkfifo = Process.Start("mkfifo", pipe))
        {
            await mkfifo.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await using var service = await TestService.Start(repository);
        Assert.Equal(HttpStatusCode.OK, (await service.Client.GetAsync("/health/live", TestContext.Current.CancellationToken)).StatusCode);
        using (var ready = await service.Client.GetAsync("/health/ready", TestContext.Current.CancellationToken))
        {
            await ready.IsProblem(503, "unavailable", "starting");
            Assert.NotNull(ready.Headers.RetryAfter);
        }

        using (var slow = await service.Client.PostAsync("/classify/slow", Images.Digit.As(null), TestContext.Current.CancellationToken))
        {
            await slow.IsProblem(503, "unavailable", "slow is not loaded yet");
            Assert.NotNull(slow.Headers.RetryAfter);
        }

        Assert.Equal("loading", (await service.Get("/models/slow")).GetProperty("state").GetString());
        await File.WriteAllTextAsync(pipe, "{}", TestContext.Current.CancellationToken);
        await service.UntilReady();
        Assert.Equal(200, (await service.Post("/classify/slow", Images.Digit.As(null))).Status);
    }

    [Fact]
    public async Task Head_is_answered_like_get_without_a_body()
    {
        foreach (var path in (string[])["/health/live", "/health/ready", "/models", "/models/lenet5"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Head, path);
            using var answer = await shared.Running.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Empty(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        }
    }

    [Theory]
    [InlineData(null, null, "http://localhost:8080/")]
    [InlineData(null, "9090;9091", "http://localhost:9090/")]
    [InlineData("http://+:5000;https://+:5001", "9090", "http://localhost:5000/")]
    [InlineData("http://0.0.0.0:80", null, "http://localhost/")]
    [InlineData("http://127.0.0.1:7000", null, "http://127.0.0.1:7000/")]
    public void Probe_finds_the_address_of_the_service_in_the_environment(string? urls, string? ports, string expected) =>
        Assert.Equal(
            expected,
            HealthProbe.Address(name => name is "ASPNETCORE_URLS" ? urls : name is "ASPNETCORE_HTTP_PORTS" ? ports : null).ToString());

    [Fact]
    public void Probe_asks_the_endpoint_with_a_certificate_where_there_is_one() => Assert.Equal(
        "https://localhost:8443/",
        HealthProbe.Address(name => name is "Kestrel__Endpoints__Https__Url" ? "https://*:8443" : "http://+:8080").ToString());
}
