using Fovea.Api.ModelRepository;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.Serving;

/// <summary>
/// All services of a process share their metrics. So models whose metrics a test reads have names that no other test uses.
/// </summary>
public sealed class OverloadTests
{
    [Fact]
    public async Task Model_at_capacity_refuses_at_once_without_reading_the_body_and_with_retry_after()
    {
        using var repository = new Repository().With("full", 1);
        await using var service = await TestService.StartReady(repository, null, "--Fovea:MaxQueue=1");
        using (var underWay = service.Get<ModelStore>().Find("full").Serve())
        {
            underWay.Admit();
            var rest = Task.FromException(new InvalidOperationException("The body was asked for."));
            using var request = new HttpRequestMessage(HttpMethod.Post, "/classify/full")
            {
                Content = new HeldContent(new byte[100_000], rest),
                Headers = { ExpectContinue = true },
            };
            using var refused = await service.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
            await refused.IsProblem(429, "overloaded", "full is at capacity (1 requests in flight)");
        }

        Assert.Equal(200, (await service.Post("/classify/full", Images.Digit.As(null))).Status);
    }

    [Fact]
    public async Task Overload_gives_only_answers_and_refusals_and_all_places_become_free_again()
    {
        using var repository = new Repository().With("swamped", 1);
        await using var service = await TestService.StartReady(repository, null, "--Fovea:MaxQueue=4");
        var image = Images.Stroke(SkiaSharp.SKEncodedImageFormat.Jpeg, 600);
        var statuses = await Task.WhenAll(
            Enumerable.Range(0, 200).Select(async _ => (await service.Post("/classify/swamped", image.As(null))).Status));
        Assert.Superset(statuses.ToHashSet(), new HashSet<int> { 200, 429 });
        Assert.Contains(200, statuses);
        await Eventually.True(async () =>
            (await service.Metrics())
                .Contains("fovea_requests_active{otel_scope_name=\"Fovea\",model=\"swamped\"} 0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_known_key_is_its_own_caller_and_an_unknown_key_is_not()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(
            repository, null, "--Fovea:RequestsPerMinute=1", "--Fovea:ApiKeys:0=first", "--Fovea:ApiKeys:1=second");
        foreach (var (authorization, status) in ((string?, int)[])
        [
            ("Bearer first", 200),
            ("Bearer first", 429),
            ("Bearer second", 200),
            (null, 200),
            ("Bearer made-up", 429),
            ("Bearer second", 429),
        ])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/models");
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
            using var answer = await service.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(status, (int)answer.StatusCode);
        }
    }

    [Fact]
    public async Task Caller_over_the_rate_limit_is_refused_but_probes_are_answered()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(repository, null, "--Fovea:RequestsPerMinute=3");
        var statuses = new List<int>();
        for (int i = 0; i < 5; i++)
        {
            statuses.Add((await service.Post("/classify/lenet5", Images.Digit.As(null))).Status);
        }

        Assert.Equal([200, 200, 200, 429, 429], statuses);
        using var refused = await service.Client.GetAsync("/models", TestContext.Current.CancellationToken);
        await refused.IsProblem(429, "rate_limited", "3 requests");
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.True((await service.Client.GetAsync("/health/ready", TestContext.Current.CancellationToken)).IsSuccessStatusCode);
    }
}
