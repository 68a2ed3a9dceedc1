using Fovea.Api.Tests.Problems;
using Microsoft.Extensions.Hosting;

namespace Fovea.Api.Tests.Hosting;

public sealed class DrainTests
{
    [Fact]
    public async Task Stopping_service_refuses_and_counts_new_requests_but_answers_probes()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(repository);
        service.Get<IHostApplicationLifetime>().StopApplication();

        using var answer = await service.Client.PostAsync("/classify/lenet5", Images.Digit.As(null), TestContext.Current.CancellationToken);
        await answer.IsProblem(503, "unavailable", "shutting down");
        using var models = await service.Client.GetAsync("/models", TestContext.Current.CancellationToken);
        await models.IsProblem(503, "unavailable", "shutting down");
        using var live = await service.Client.GetAsync("/health/live", TestContext.Current.CancellationToken);
        Assert.True(live.IsSuccessStatusCode);
        await Eventually.True(async () =>
            (await service.Metrics()).Contains("http_response_status_code=\"503\",http_route=\"/models/\"", StringComparison.Ordinal));
    }
}
