using Fovea.Api.Tests.Hosting;
using Microsoft.AspNetCore.Builder;

namespace Fovea.Api.Tests.Problems;

public sealed class FaultTests
{
    [Fact]
    public async Task Fault_of_the_service_is_logged_and_hidden_from_the_client()
    {
        using var repository = new Repository();
        await using var service = await TestService.StartReady(
            repository, app => app.MapGet("/fault", string () => throw new InvalidOperationException("a secret")));
        using var answer = await service.Client.GetAsync("/fault", TestContext.Current.CancellationToken);
        Assert.DoesNotContain(
            "secret", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await answer.IsProblem(500, "internal", "log");
        Assert.Contains("a secret", Assert.Single(service.Logs.Errors), StringComparison.Ordinal);
    }
}
