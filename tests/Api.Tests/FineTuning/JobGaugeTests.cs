using Fovea.Api.Jobs;
using Fovea.Api.Telemetry;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Workers;

namespace Fovea.Api.Tests.FineTuning;

public sealed class JobGaugeTests
{
    [Fact]
    public async Task Metric_counts_the_jobs_of_the_database_by_status()
    {
        await using var workshop = await Workshop.Start("--role=serve");
        var service = workshop.Service;
        await service.Get<JobStore>().Add(NewJob.Of("ftjob-1"), TestContext.Current.CancellationToken);
        await service.Get<JobStore>().Add(NewJob.Of("ftjob-2"), TestContext.Current.CancellationToken);
        using var gauge = new JobGauge(
            service.Get<StateDatabase>(), service.Get<JobStore>(), service.Get<Metrics>(), TimeProvider.System);
        await gauge.StartAsync(TestContext.Current.CancellationToken);

        // The numbers are read from this service's object, because all services in this process share the answer of /metrics.
        await Eventually.True(() => Task.FromResult(
            service.Get<Metrics>().Jobs is { } jobs && jobs.GetValueOrDefault("validating_files") == 2 && jobs["succeeded"] == 0));
        await gauge.StopAsync(TestContext.Current.CancellationToken);
    }
}
