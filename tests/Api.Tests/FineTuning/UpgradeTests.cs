using System.Runtime.Versioning;
using Fovea.Api.Configuration;
using Fovea.Api.Jobs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>A database of an earlier version is upgraded in place, and its jobs stay.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class UpgradeTests
{
    private const string BeforeLeases = "20261124000001_UsedVersions";

    private const string Columns = "\"Id\", \"Model\", \"BaseVersion\", \"Dataset\", \"Suffix\", \"FineTunedModel\", \"Method\", \"Seed\", "
        + "\"PublishesItself\", \"Status\", \"CreatedAt\", \"Threads\", \"Published\", \"Fence\", \"QueueEntry\", \"Events\", \"Revision\"";

    [Fact]
    [Trait("Needs", "time")]
    public async Task Sqlite_database_of_an_earlier_version_keeps_its_jobs_and_its_running_job_ends()
    {
        using var folder = new TemporaryFolder();
        var file = folder["fovea.db"];
        await MakeOld(new DbContextOptionsBuilder<FineTuningContext>().UseSqlite($"Data Source={file}"));
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        await using (var workshop = await Workshop.Start($"--Fovea:Data={folder.Path}"))
        {
            var ended = await workshop.Until("ftjob-old", "failed");
            Assert.Equal("bad_dataset", ended.GetProperty("error").GetProperty("code").GetString());
            var told = await workshop.Told("ftjob-old");
            Assert.Contains(told, message => message.StartsWith("The service was restarted", StringComparison.Ordinal));
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(file));
    }

    [Fact]
    [Trait("Needs", "services")]
    public async Task Postgres_database_of_an_earlier_version_keeps_its_jobs()
    {
        using var postgres = new Postgres();
        await MakeOld(new DbContextOptionsBuilder<FineTuningContext>().UseNpgsql(postgres.Connection()));
        using var database = new StateDatabase(new Settings(), new FineTuningSettings { Database = postgres.Connection() });
        var job = await new JobStore(database, TimeProvider.System).Find("ftjob-old", TestContext.Current.CancellationToken);
        Assert.Equal((JobStatus.Running, 1, null, 0), (job.Status, job.Fence, job.Worker, job.Heartbeats));
    }

    [Fact]
    [Trait("Needs", "time")]
    public async Task Only_the_owner_can_read_the_files_of_a_new_sqlite_database()
    {
        using var folder = new TemporaryFolder();
        using var database = new StateDatabase(new Settings { Data = folder.Path }, new FineTuningSettings());
        await using var context = await database.Open(TestContext.Current.CancellationToken);
        await context.Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        Assert.False(await context.Jobs.AnyAsync(TestContext.Current.CancellationToken));
        foreach (var file in new[] { "fovea.db", "fovea.db-wal", "fovea.db-shm" })
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder[file]));
        }
    }

    private static async Task MakeOld(DbContextOptionsBuilder<FineTuningContext> options)
    {
        options.ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning));
        await using var context = new FineTuningContext(options.Options);
        await context.GetService<IMigrator>().MigrateAsync(BeforeLeases, TestContext.Current.CancellationToken);
        await context.Database.ExecuteSqlRawAsync(
            $"INSERT INTO \"Jobs\" ({Columns}) VALUES "
                + "('ftjob-old', 'lenet5', 1, 'ds_0', 'old', 'lenet5-old', 'full', 1, true, 'Running', 0, 1, false, 1, '7', 0, 1)",
            TestContext.Current.CancellationToken);
    }
}
