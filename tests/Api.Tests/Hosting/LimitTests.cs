using System.Net;
using Fovea.Api.ModelRepository;
using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.Hosting;

public sealed class LimitTests
{
    [Fact]
    public async Task Images_of_forbidden_formats_and_sizes_are_refused_by_their_header()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(repository, null, "--Fovea:Formats:0=png", "--Fovea:MaxSide=100");
        Assert.Equal(200, (await service.Post("/classify/lenet5", Images.Digit.As(null))).Status);
        using var jpeg = await service.Client.PostAsync(
            "/classify/lenet5", Images.Stroke(SkiaSharp.SKEncodedImageFormat.Jpeg, 28).As(null), TestContext.Current.CancellationToken);
        await jpeg.IsProblem(422, "not_an_image", "JPEG");
        using var wide = await service.Client.PostAsync(
            "/classify/lenet5", Images.Blank(101, 1).As(null), TestContext.Current.CancellationToken);
        await wide.IsProblem(422, "too_many_pixels", "100 a side");
    }

    [Fact]
    public async Task Image_that_misses_the_deadline_is_504_and_the_next_image_is_answered()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(repository, null, "--Fovea:DeadlineSeconds=1");
        using var lease = service.Get<ModelStore>().Find("lenet5").Serve();
        using (lease.Model.Scheduler.Expect())
        {
            using var late = await service.Client.PostAsync(
                "/classify/lenet5", Images.Digit.As(null), TestContext.Current.CancellationToken);
            await late.IsProblem(504, "deadline_exceeded", "1 s");
        }

        Assert.Equal(200, (await service.Post("/classify/lenet5", Images.Digit.As(null))).Status);
    }

    [Fact]
    public async Task Headers_over_the_limit_are_431()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(repository, null, "--Fovea:MaxHeaderBytes=1024");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/models") { Headers = { { "X-Long", new string('x', 2000) } } };
        using var answer = await service.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, answer.StatusCode);
    }

    [Theory]
    [InlineData("https://example.org", "https://example.org")]
    [InlineData("https://elsewhere.org", null)]
    public async Task Only_pages_of_configured_origins_may_call(string origin, string? allowed)
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(repository, null, "--Fovea:CorsOrigins:0=https://example.org");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/classify/lenet5")
        {
            Headers = { { "Origin", origin } },
            Content = Images.Digit.As(null),
        };
        using var answer = await service.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(allowed, answer.Headers.TryGetValues("Access-Control-Allow-Origin", out var values) ? values.Single() : null);
    }

    [Theory]
    [InlineData("127.0.0.0/8", 200)]
    [InlineData("10.0.0.1", 429)]
    public async Task Only_a_trusted_proxy_can_name_the_caller(string trusted, int second)
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(
            repository, null, $"--Fovea:TrustedProxies:0={trusted}", "--Fovea:RequestsPerMinute=1");
        Assert.Equal(200, await From("192.0.2.1"));
        Assert.Equal(second, await From("192.0.2.2"));

        async Task<int> From(string client)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/models") { Headers = { { "X-Forwarded-For", client } } };
            using var answer = await service.Client.SendAsync(request, TestContext.Current.CancellationToken);
            return (int)answer.StatusCode;
        }
    }
}
