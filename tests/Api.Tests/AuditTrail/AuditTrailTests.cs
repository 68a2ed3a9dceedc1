using System.Text.Json;
using Fovea.Api.AuditTrail;
using Fovea.Api.Configuration;
using Fovea.Api.Storage;
using Fovea.Api.Tests.FineTuning;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fovea.Api.Tests.AuditTrail;

public sealed class AuditTrailTests
{
    [Fact]
    public async Task Changes_and_failed_attempts_are_listed_the_newest_first_also_after_a_restart()
    {
        using var data = new TemporaryFolder();
        using var repository = new Repository().With("lenet5", 1);
        string[] settings = ["--Fovea:ApiKeys:0=secret", $"--Fovea:Data={data.Path}"];
        await using (var first = await TestService.StartReady(repository, null, settings))
        {
            using var stranger = await first.Client.PostAsync("/models/lenet5/unload", null, TestContext.Current.CancellationToken);
            await stranger.IsProblem(401, "unauthorized", "API key");
            first.Client.DefaultRequestHeaders.Authorization = new("Bearer", "secret");
            using var failed = await first.Client.DeleteAsync("/models/lenet5/versions/9", TestContext.Current.CancellationToken);
            await Listed(first, 1);
            using var loaded = await first.Client.PostAsync("/models/lenet5/load", null, TestContext.Current.CancellationToken);
            await Listed(first, 2);
        }

        // A process that was killed has left half a line.
        var file = Assert.Single(Directory.GetFiles(data["audit"]));
        await File.AppendAllTextAsync(file, "{\"id\":\"aud", TestContext.Current.CancellationToken);
        await using var second = await TestService.StartReady(repository, null, settings);
        using var closed = await second.Client.GetAsync("/audit", TestContext.Current.CancellationToken);
        await closed.IsProblem(401, "unauthorized", "API key");
        second.Client.DefaultRequestHeaders.Authorization = new("Bearer", "secret");
        var entries = await Listed(second, 2);
        Assert.Equal(("POST", "/models/lenet5/load", 200), Request(entries[0]));
        Assert.Equal(("DELETE", "/models/lenet5/versions/9", 404), Request(entries[1]));
        Assert.Equal("key 0", entries[1].GetProperty("key").GetString());
        Assert.Equal("127.0.0.1", entries[1].GetProperty("address").GetString());
        var page = await second.Get($"/audit?limit=1&after={entries[0].GetProperty("id").GetString()}");
        Assert.Equal(("DELETE", "/models/lenet5/versions/9", 404), Request(Assert.Single(page.GetProperty("data").EnumerateArray())));
        Assert.False(page.GetProperty("has_more").GetBoolean());
        Assert.DoesNotContain("secret", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Needs", "time")]
    public async Task Job_that_publishes_its_model_is_listed_by_its_id()
    {
        await using var workshop = await Workshop.Start();
        var job = await workshop.Create(await workshop.Upload());
        await workshop.Until(job, "succeeded");
        JsonElement[] entries = [];

        // The publication is recorded after the end of the job is saved.
        await Eventually.True(async () =>
        {
            entries = [.. (await workshop.Get("/audit")).GetProperty("data").EnumerateArray()];
            return entries.Any(entry => entry.GetProperty("key").GetString() == job);
        });
        var published = Assert.Single(entries, entry => entry.GetProperty("key").GetString() == job);
        Assert.Equal(("POST", "/models/lenet5-shapes/versions/1/publish", 200), Request(published));
        var started = Assert.Single(entries, entry => entry.GetProperty("path").GetString() == "/fine_tuning/jobs");
        Assert.Equal($"/fine_tuning/jobs/{job}", started.GetProperty("created").GetString());
    }

    [Fact]
    public async Task Old_files_are_deleted_and_an_unwritable_folder_only_warns()
    {
        using var data = new TemporaryFolder();
        var logs = new Logs();
        using var loggers = new Microsoft.Extensions.Logging.LoggerFactory([logs]);
        var audit = new AuditLog(new Settings { Data = data.Path }, TimeProvider.System, loggers);
        audit.Record("lab", "POST", "/models/a/load", 200, "::1");
        var file = Assert.Single(Directory.GetFiles(data["audit"]));
        var sweep = new AuditSweep(audit, new RetentionSettings(), TimeProvider.System, NullLogger<AuditSweep>.Instance);
        await sweep.Sweep(TestContext.Current.CancellationToken);
        Assert.Equal("lab", Assert.Single(audit.Read()).Key);
        File.SetLastWriteTimeUtc(file, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-366));
        await sweep.Sweep(TestContext.Current.CancellationToken);
        Assert.Empty(audit.Read());
        Directory.Delete(data["audit"]);
        await File.WriteAllTextAsync(data["audit"], "", TestContext.Current.CancellationToken);
        audit.Record("lab", "POST", "/models/a/load", 200, "::1");
        await logs.Until("The entry of the audit trail is only in this log");
    }

    [Fact]
    public void Several_processes_fill_at_most_the_bytes_of_the_trail_and_the_oldest_entries_go_first()
    {
        using var data = new TemporaryFolder();
        using var loggers = new Microsoft.Extensions.Logging.LoggerFactory();
        var settings = new Settings { Data = data.Path };
        AuditLog[] processes = [new(settings, TimeProvider.System, loggers), new(settings, TimeProvider.System, loggers)];
        foreach (var process in processes)
        {
            process.Record("lab", "POST", "/models/a/load", 200, "::1");
        }

        Assert.Equal(2, processes[0].Read().Count());
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        for (int day = 0; day < AuditLog.MostBytes / AuditLog.MostFileBytes; day++)
        {
            var file = data[$"audit/2020-01.{day}.jsonl"];
            File.WriteAllBytes(file, new byte[AuditLog.MostFileBytes]);
            File.SetLastWriteTimeUtc(file, now.AddDays(-1 - day));
        }

        var third = new AuditLog(settings, TimeProvider.System, loggers);
        third.Record("lab", "POST", "/models/b/load", 200, "::1");
        Assert.Equal("/models/b/load", third.Read().First().Path);
        Assert.Equal(3, third.Read().Count());
        Assert.False(File.Exists(data["audit/2020-01.15.jsonl"]));
        Assert.True(File.Exists(data["audit/2020-01.14.jsonl"]));
    }

    [Fact]
    public void Entries_are_read_from_the_newest_file_first_and_older_files_only_when_they_are_needed()
    {
        using var data = new TemporaryFolder();
        using var loggers = new Microsoft.Extensions.Logging.LoggerFactory();
        var settings = new Settings { Data = data.Path };
        foreach (var model in (string[])["a", "b", "c"])
        {
            new AuditLog(settings, TimeProvider.System, loggers).Record("lab", "POST", $"/models/{model}/load", 200, "::1");
        }

        var audit = new AuditLog(settings, TimeProvider.System, loggers);
        Assert.Equal(["/models/a/load", "/models/b/load", "/models/c/load"], audit.Read().Select(entry => entry.Path).Order());

        // This file cannot be opened a second time, so reading fails when it comes to this file.
        File.WriteAllText(data["audit/2020-01.older.jsonl"], "");
        File.SetLastWriteTimeUtc(data["audit/2020-01.older.jsonl"], TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-1));
        using var only = new FileStream(data["audit/2020-01.older.jsonl"], FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.Equal(3, audit.Read().Take(3).Count());
        Assert.Throws<IOException>(() => audit.Read().Count());
    }

    [Fact]
    public async Task After_an_error_the_next_entry_begins_a_new_line_of_the_same_file()
    {
        using var data = new TemporaryFolder();
        using var loggers = new Microsoft.Extensions.Logging.LoggerFactory();
        var audit = new AuditLog(new Settings { Data = data.Path }, TimeProvider.System, loggers);
        audit.Record("lab", "POST", "/models/a/load", 200, "::1");
        var file = Assert.Single(Directory.GetFiles(data["audit"]));
        using (new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.None))
        {
            audit.Record("lab", "POST", "/models/b/load", 200, "::1");
        }

        await File.AppendAllTextAsync(file, "{\"id\":\"aud", TestContext.Current.CancellationToken);
        audit.Record("lab", "POST", "/models/c/load", 200, "::1");
        Assert.Equal(["/models/a/load", "/models/c/load"], audit.Read().Select(entry => entry.Path).Order());
        Assert.Equal(file, Assert.Single(Directory.GetFiles(data["audit"])));
    }

    [Fact]
    public async Task While_the_disk_is_gone_nothing_is_made_in_its_place_and_reading_is_refused()
    {
        using var root = new TemporaryFolder();
        using var repository = new Repository().With("lenet5", 1);
        Directory.CreateDirectory(root["data"]);
        await using var service = await TestService.StartReady(
            repository, null, "--Fovea:ApiKeys:0=secret", $"--Fovea:Data={root["data"]}");
        service.Client.DefaultRequestHeaders.Authorization = new("Bearer", "secret");
        using (new MissingFolder(root["data"]))
        {
            using var loaded = await service.Client.PostAsync("/models/lenet5/load", null, TestContext.Current.CancellationToken);
            await service.Logs.Until("The entry of the audit trail is only in this log");
            foreach (var path in (string[])["/audit", "/storage"])
            {
                using var answer = await service.Client.GetAsync(path, TestContext.Current.CancellationToken);
                await answer.IsProblem(503, "unavailable", "cannot be reached now, perhaps because its disk is gone. Retry later.");
            }

            Assert.False(Directory.Exists(root["data"]));
        }
    }

    private static async Task<JsonElement[]> Listed(TestService service, int count)
    {
        JsonElement[] entries = [];
        await Eventually.True(async () =>
            (entries = [.. (await service.Get("/audit")).GetProperty("data").EnumerateArray()]).Length == count);
        return entries;
    }

    private static (string? Method, string? Path, int Status) Request(JsonElement entry) =>
        (entry.GetProperty("method").GetString(), entry.GetProperty("path").GetString(), entry.GetProperty("status").GetInt32());
}
