using Fovea.Api.Tests.Hosting;
using Fovea.Client.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fovea.Client.Tests;

/// <summary>The health check of applications that use the service.</summary>
public sealed class HealthCheckTests(RunningService service)
{
    [Theory]
    [InlineData(null, HealthStatus.Healthy, null)]
    [InlineData("lenet5", HealthStatus.Healthy, null)]
    [InlineData("none", HealthStatus.Unhealthy, "There is no model none")]
    public async Task Service_and_model_are_asked(string? model, HealthStatus status, string? said)
    {
        var entry = await Check(service.Address, model);
        Assert.Equal(status, entry.Status);
        Assert.Equal(said is null, entry.Description is null);
        Assert.Contains(said ?? "", entry.Description ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Service_that_cannot_be_reached_is_unhealthy()
    {
        var entry = await Check(new Uri($"http://127.0.0.1:{ServiceProcess.FreePort()}"), null);
        Assert.Equal(HealthStatus.Unhealthy, entry.Status);
        Assert.IsType<HttpRequestException>(entry.Exception);
    }

    private static async Task<HealthReportEntry> Check(Uri address, string? model)
    {
        var services = new ServiceCollection();
        services.AddLogging().AddFoveaClient(options => options.Address = address);
        services.AddHealthChecks().AddFovea(model);
        await using var provider = services.BuildServiceProvider();
        var report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);
        return report.Entries["fovea"];
    }
}
