using Fovea.Api.Hosting;
using Fovea.Api.Jobs;
using Fovea.Api.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>Workers whose clocks are ten minutes apart keep their jobs, and take over the jobs of lost workers, like others.</summary>
[Trait("Needs", "services")]
public sealed class ClockTests : IDisposable
{
    private const int TakeoverSeconds = 30;

    private readonly Postgres postgres = new();

    [Theory, InlineData(10), InlineData(-10)]
    public async Task Lease_holds_and_expires_the_same_between_clocks_ten_minutes_apart(int minutes)
    {
        string[] settings = [$"--Fovea:Database={postgres.Connection()}", $"--Fovea:TakeoverSeconds={TakeoverSeconds}"];
        await using var workshop = Workshop.OfProcesses(settings);
        await workshop.StartProcess("serve");
        var first = await workshop.StartProcess("train");
        var job = await workshop.Create(await workshop.Upload(), epochs: 100_000);
        await workshop.UntilTold(job, "Checkpoint");

        await using var shifted = await StartWorker(workshop, TimeSpan.FromMinutes(minutes), settings);
        await UntilRenewed(job);
        Assert.Equal(0, await Losses(workshop, job));
        first.Kill();
        await workshop.UntilTold(job, "The job goes on");

        await workshop.StartProcess("train");
        await UntilRenewed(job);
        Assert.InRange(await Losses(workshop, job), 1, int.MaxValue);
        await workshop.Post(job, "cancel");

        // The workers' clocks differed: the times of the events, which each worker takes from its own clock, are far apart.
        var times = (await workshop.Get($"/fine_tuning/jobs/{job}/events?limit=100")).GetProperty("data").EnumerateArray()
            .Select(e => e.GetProperty("created_at").GetInt64()).ToArray();
        Assert.True(times.Max() - times.Min() > 300, $"{times.Max()} - {times.Min()}");
    }

    public void Dispose() => postgres.Dispose();

    private static async Task<WebApplication> StartWorker(Workshop workshop, TimeSpan shift, string[] settings)
    {
        var app = Service.Build(
            [
                "--urls=http://127.0.0.1:0",
                "--role=train",
                "--Logging:Console:LogLevel:Default=None",
                $"--Fovea:ModelRepository={workshop.Repository.Folder}",
                $"--Fovea:Data={workshop.Data}",
                .. settings,
            ],
            builder => builder.Services.AddSingleton<TimeProvider>(new ShiftedClock(shift)));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    // Waits for four renewals. A worker looks for lost jobs as often as another renews its lease, so a worker that took the other's clock
    // for its own would take the job meanwhile. The lease is longer than four renewals, so a slow machine keeps it.
    private async Task UntilRenewed(string job)
    {
        await using var database = new FineTuningContext(
            new DbContextOptionsBuilder<FineTuningContext>().UseNpgsql(postgres.Connection()).Options);
        var beats = database.Jobs.Where(row => row.Id == job).Select(row => row.Heartbeats);
        long before = await beats.SingleAsync(TestContext.Current.CancellationToken);
        await Eventually.True(async () => await beats.SingleAsync() >= before + 4, "the renewals of the lease");
    }

    private static async Task<int> Losses(Workshop workshop, string job) =>
        (await workshop.Told(job)).Count(told => told.StartsWith("The worker was lost", StringComparison.Ordinal));

    private sealed class ShiftedClock(TimeSpan shift) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + shift;
    }
}
