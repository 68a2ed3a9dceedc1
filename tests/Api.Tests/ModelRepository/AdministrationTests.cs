using System.Collections.Concurrent;
using System.Diagnostics;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.ModelRepository;

[Trait("Needs", "time")]
public sealed class AdministrationTests
{
    [Fact]
    public async Task Published_version_keeps_serving_when_versions_are_added_and_rollback_returns_to_the_previous_one()
    {
        using var repository = new Repository().With("lenet5", 1, 2, 3);
        await using var administrator = await Administrator.Start(repository);
        Assert.Equal(3, await administrator.Version());
        Assert.Equal(200, (await administrator.Post("/models/lenet5/versions/1/publish")).Status);
        Assert.Equal(1, await administrator.Version());
        Assert.Equal(
            "1\n",
            await File.ReadAllTextAsync(Path.Combine(repository.Folder, "lenet5", "default"), TestContext.Current.CancellationToken));
        Assert.Equal(201, (await administrator.Put("/models/lenet5/versions/4", UploadTests.Body("good"))).Status);
        Assert.Equal(1, await administrator.Version());
        Assert.Equal(3, (await administrator.Post("/models/lenet5/rollback")).Json.GetProperty("defaultVersion").GetInt32());
        Assert.Equal(3, await administrator.Version());
        Assert.Equal(2, (await administrator.Post("/models/lenet5/rollback")).Json.GetProperty("defaultVersion").GetInt32());
        Assert.Equal(1, (await administrator.Post("/models/lenet5/rollback")).Json.GetProperty("defaultVersion").GetInt32());
        (await administrator.Post("/models/lenet5/rollback")).Json.IsProblem(409, "conflict", "no version has a lower number");
        (await administrator.Post("/models/lenet5/versions/9/publish")).Json.IsProblem(404, "unknown_model", "no version 9");
        Assert.Equal(1, await administrator.Version());
    }

    [Fact]
    public async Task Version_that_cannot_be_loaded_is_not_published()
    {
        using var repository = new Repository().With("lenet5", 2).WithFile("lenet5/1/model.onnx", "no ONNX");
        await using var administrator = await Administrator.Start(repository);
        (await administrator.Post("/models/lenet5/versions/1/publish"))
            .Json.IsProblem(503, "model_unavailable", "Version 1 cannot be loaded");
        Assert.False(File.Exists(Path.Combine(repository.Folder, "lenet5", "default")));
        Assert.Equal(2, await administrator.Version());
    }

    [Fact]
    public async Task Version_that_serves_is_deleted_only_if_it_is_the_last()
    {
        using var repository = new Repository().With("lenet5", 1, 2);
        await using var administrator = await Administrator.Start(repository);
        (await administrator.Send(HttpMethod.Delete, "/models/lenet5/versions/2")).Json.IsProblem(409, "conflict", "serves");
        Assert.Equal(204, (await administrator.Send(HttpMethod.Delete, "/models/lenet5/versions/1")).Status);
        (await administrator.Service.Post("/classify/lenet5/versions/1", Images.Digit.As(null)))
            .Json.IsProblem(404, "unknown_model", "expected one of 2");
        Assert.Equal(204, (await administrator.Send(HttpMethod.Delete, "/models/lenet5/versions/2")).Status);
        (await administrator.Service.Post("/classify/lenet5", Images.Digit.As(null)))
            .Json.IsProblem(404, "unknown_model", "the repository is empty");
        Assert.Empty(Directory.EnumerateFileSystemEntries(repository.Folder));
        Assert.Equal(201, (await administrator.Put("/models/lenet5/versions/1", UploadTests.Body("good"))).Status);
        Assert.Equal(1, await administrator.Version());
    }

    [Fact]
    public async Task Unloaded_model_answers_again_only_after_it_is_loaded()
    {
        using var repository = new Repository().With("lenet5", 1, 2);
        await using var administrator = await Administrator.Start(repository);
        Assert.Equal("unloaded", (await administrator.Post("/models/lenet5/unload")).Json.GetProperty("state").GetString());
        repository.With("lenet5", 3);
        await administrator.Poll(2);
        foreach (var path in (string[])["/classify/lenet5", "/classify/lenet5/versions/1"])
        {
            (await administrator.Service.Post(path, Images.Digit.As(null)))
                .Json.IsProblem(503, "model_unavailable", "POST /models/lenet5/load");
        }

        Assert.Equal("ready", (await administrator.Post("/models/lenet5/load")).Json.GetProperty("state").GetString());
        Assert.Equal(3, await administrator.Version());
        (await administrator.Post("/models/none/load")).Json.IsProblem(404, "unknown_model", "none");
    }

    [Fact]
    public async Task Failed_load_reports_the_reason_and_the_old_version_keeps_serving()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var administrator = await Administrator.Start(repository);
        repository.WithFile("lenet5/2/model.onnx", "no ONNX");
        (await administrator.Post("/models/lenet5/load")).Json.IsProblem(503, "model_unavailable", "Version 1 keeps serving");
        Assert.Equal(1, await administrator.Version());
        repository.With("lenet5", 2);
        Assert.Equal(200, (await administrator.Post("/models/lenet5/load")).Status);
        Assert.Equal(2, await administrator.Version());
    }

    [Fact]
    [Trait("Needs", "time")]
    public async Task Hundred_swaps_under_load_fail_no_request_and_each_answer_is_from_a_current_version()
    {
        using var repository = new Repository().With("lenet5", 1, 2);
        await using var administrator = await Administrator.Start(repository);
        var answers = new ConcurrentBag<(long Asked, long Answered, int Version)>();
        var periods = new List<(long From, long To, int Version)> { (0, long.MaxValue, 2) };
        using var swapping = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!swapping.IsCancellationRequested)
            {
                long asked = Stopwatch.GetTimestamp();
                int version = await administrator.Version();
                answers.Add((asked, Stopwatch.GetTimestamp(), version));
            }
        })).ToArray();
        for (int i = 0; i < 100; i++)
        {
            int next = 1 + (i % 2);
            long from = Stopwatch.GetTimestamp();
            Assert.Equal(200, (await administrator.Post($"/models/lenet5/versions/{next}/publish")).Status);
            periods[^1] = periods[^1] with { To = Stopwatch.GetTimestamp() };
            periods.Add((from, long.MaxValue, next));
        }

        await swapping.CancelAsync();
        await Task.WhenAll(clients);
        Assert.True(answers.Count > 100);
        Assert.All(
            answers,
            answer =>
                Assert.Contains(
                    periods, period => period.Version == answer.Version && period.From <= answer.Answered && answer.Asked <= period.To));
        Assert.Empty(administrator.Service.Logs.Errors);
    }

    [Fact]
    public async Task Concurrent_loading_and_unloading_ends_in_one_of_the_two_states()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var administrator = await Administrator.Start(repository);
        await Task.WhenAll(Enumerable.Range(0, 20)
            .Select(async i => Assert.Equal(200, (await administrator.Post($"/models/lenet5/{(i % 2 == 0 ? "load" : "unload")}")).Status)));
        Assert.Equal(200, (await administrator.Post("/models/lenet5/load")).Status);
        Assert.Equal(1, await administrator.Version());
    }
}
