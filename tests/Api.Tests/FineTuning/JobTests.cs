using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Fovea.Api.Jobs;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;

namespace Fovea.Api.Tests.FineTuning;

[Trait("Needs", "time")]
public sealed class JobTests
{
    public static TheoryData<string, int, string, string> BadRequests => new()
    {
        { "", 400, "empty_body", "no body" },
        { "{", 400, "malformed_request", "not JSON" },
        { "[]", 400, "malformed_request", "The body is []" },
        { """{"model": "resnet50", "dataset": "DATASET"}""", 404, "unknown_model", "the pretrained base resnet50 is not downloaded" },
        { """{"model": "lenet5"}""", 400, "malformed_request", "no dataset" },
        { """{"model": 5, "dataset": "DATASET"}""", 400, "malformed_request", "model is 5" },
        { """{"model": "none", "dataset": "DATASET"}""", 404, "unknown_model", "no model none" },
        { """{"model": "lenet5", "dataset": "ds_0000000000000000"}""", 404, "unknown_dataset", "ds_0000000000000000" },
        { """{"model": "lenet5", "dataset": "../etc"}""", 404, "unknown_dataset", "../etc" },
        { """{"model": "lenet5", "dataset": "DATASET", "training_file": "other"}""", 400, "malformed_request", "training_file is other" },
        { """{"model": "lenet5", "dataset": "DATASET", "suffix": "a/b"}""", 400, "malformed_request", "suffix is a/b" },
        { """{"model": "lenet5", "dataset": "DATASET", "suffix": "other"}""", 409, "conflict", "lenet5-other with other classes" },
        { """{"model": "lenet5", "dataset": "DATASET", "method": "half"}""", 400, "malformed_request", "method is half" },
        { """{"model": "lenet5", "dataset": "DATASET", "publish": true}""", 400, "malformed_request", "publish is true" },
        { """{"model": "lenet5", "dataset": "DATASET", "seed": 0.5}""", 400, "malformed_request", "seed is 0.5" },
        { """{"model": "lenet5", "dataset": "DATASET", "epochs": 5}""", 400, "malformed_request", "a field epochs" },
        {
            """{"model": "lenet5", "dataset": "DATASET", "hyperparameters": {"n_epochs": 0}}""",
            400,
            "malformed_request",
            "hyperparameters.n_epochs is 0"
        },
        {
            """{"model": "lenet5", "dataset": "DATASET", "hyperparameters": {"batch_size": "many"}}""",
            400,
            "malformed_request",
            "hyperparameters.batch_size is \"many\""
        },
        {
            """{"model": "lenet5", "dataset": "DATASET", "hyperparameters": {"learning_rate": -1}}""",
            400,
            "malformed_request",
            "hyperparameters.learning_rate is -1"
        },
        {
            """{"model": "lenet5", "dataset": "DATASET", "hyperparameters": {"momentum": 1}}""",
            400,
            "malformed_request",
            "a field momentum"
        },
        { """{"model": "lenet5", "dataset": "DATASET", "metadata": {"note": 5}}""", 400, "malformed_request", "metadata is" },
    };

    [Fact]
    public async Task Job_ends_with_a_model_that_answers_and_reports_its_events_in_order()
    {
        await using var workshop = await Workshop.Start();
        var dataset = await workshop.Upload();
        var job = await workshop.Create(dataset);
        var events = await workshop.Follow(job);
        var done = await workshop.Job(job);
        Assert.True(done.GetProperty("status").GetString() == "succeeded", $"{done}");
        Assert.Equal(
            ("lenet5-shapes", 1, true),
            (
                done.GetProperty("fine_tuned_model").GetString(),
                done.GetProperty("fine_tuned_version").GetInt32(),
                done.GetProperty("published").GetBoolean()));
        Assert.Equal("""{"n_epochs":3,"batch_size":16,"learning_rate":0.001}""", $"{done.GetProperty("hyperparameters")}");
        Assert.Equal(Enumerable.Range(1, events.Length), events.Select(e => e.Number));
        Assert.Contains(
            events,
            e =>
                e.Message.StartsWith("Chosen for auto: batch_size 16", StringComparison.Ordinal)
                    && !e.Message.Contains("n_epochs", StringComparison.Ordinal));
        Assert.Equal("lenet5-shapes version 1 is published.", events[^1].Message);
        Assert.Equal(events[5..], await workshop.Follow(job, after: 5));

        int right = 0;
        foreach (int number in Enumerable.Range(1_000, 20))
        {
            bool isRing = number % 2 == 0;
            var (status, answer) = await workshop.Service.Post("/classify/lenet5-shapes", Shapes.Draw(number, isRing).As(null));
            Assert.True(status == 200, $"{answer}");
            right += answer.GetProperty("predictions")[0].GetProperty("label").GetString() == (isRing ? "ring" : "cross") ? 1 : 0;
        }

        Assert.InRange(right, 15, 20);
        var checkpoints = (await workshop.Get($"/fine_tuning/jobs/{job}/checkpoints")).GetProperty("data").EnumerateArray().ToArray();
        int[] steps = [.. checkpoints.Select(c => c.GetProperty("step_number").GetInt32())];
        Assert.Equal(6, steps[0]);
        Assert.Equal(((int[])[6, 4, 2]).Where(steps.Contains), steps);
        Assert.InRange(checkpoints[0].GetProperty("metrics").GetProperty("valid_accuracy").GetDouble(), 0, 1);
        Assert.Equal(
            "lenet5",
            (await workshop.Get($"/fine_tuning/jobs/{job}/report")).GetProperty("provenance").GetProperty("architecture").GetString());
        using var page = new HttpRequestMessage(HttpMethod.Get, done.GetProperty("result_files")[0].GetString());
        page.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html"));
        using var report = await workshop.Client.SendAsync(page, TestContext.Current.CancellationToken);
        Assert.Contains("<html", await report.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_without_a_model_starts_from_the_built_in_base()
    {
        await using var workshop = await Workshop.Start();
        var body = $$"""{"dataset": "{{await workshop.Upload(12)}}", "suffix": "shapes"}""";
        using var answer = await workshop.Client.PostAsync(
            "/fine_tuning/jobs", new StringContent(body, Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
        var created = await Workshop.Json(answer, 201);
        Assert.Equal("resnet18-mlnet", created.GetProperty("model").GetString());
        var done = await workshop.Until(created.GetProperty("id").GetString()!, "succeeded");
        Assert.Equal("resnet18-mlnet-shapes", done.GetProperty("fine_tuned_model").GetString());
        var (status, found) = await workshop.Service.Post("/classify/resnet18-mlnet-shapes", Shapes.Draw(1_000, isRing: true).As(null));
        Assert.True(status == 200 && found.GetProperty("predictions")[0].GetProperty("label").GetString() == "ring", $"{found}");
    }

    [Fact]
    public async Task Next_version_serves_only_if_it_is_not_worse_or_is_published_by_hand()
    {
        await using var workshop = await Workshop.Start("--Fovea:PollSeconds=0");
        var dataset = await workshop.Upload();
        await workshop.Until(await workshop.Create(dataset, method: "head"), "succeeded");
        var better = await workshop.Until(await workshop.Create(dataset, method: "head"), "succeeded");
        Assert.Equal((2, true), (better.GetProperty("fine_tuned_version").GetInt32(), better.GetProperty("published").GetBoolean()));
        var manual = await workshop.Until(await workshop.Create(dataset, method: "head", publish: "manual"), "succeeded");
        Assert.Equal((3, false), (manual.GetProperty("fine_tuned_version").GetInt32(), manual.GetProperty("published").GetBoolean()));
        Assert.Equal(2, (await workshop.Get("/models/lenet5-shapes")).GetProperty("defaultVersion").GetInt32());

        // All weights of the base model are 0, so it gives the same answer for every image.
        var blind = Catalog.Find("lenet5").Build();
        foreach (var weight in blind.Initializers.Keys.Where(value =>
            value.Name.EndsWith("weight", StringComparison.Ordinal) || value.Name.EndsWith("bias", StringComparison.Ordinal)).ToArray())
        {
            blind.Initializers[weight] = Tensor.Of(weight.Shape, new float[weight.Shape.Size]);
        }

        OnnxFile.Write(blind, Path.Combine(workshop.Repository.Folder, "lenet5", "2", "model.onnx"));
        Assert.Equal(
            HttpStatusCode.OK,
            (await workshop.Client.PostAsync("/models/lenet5/load", null, TestContext.Current.CancellationToken)).StatusCode);
        var id = await workshop.Create(dataset, method: "head");
        var worse = await workshop.Until(id, "succeeded");
        Assert.Equal((4, false), (worse.GetProperty("fine_tuned_version").GetInt32(), worse.GetProperty("published").GetBoolean()));
        Assert.Contains(await workshop.Told(id), message => message.EndsWith("is worse.", StringComparison.Ordinal));
        Assert.Equal(2, (await workshop.Get("/models/lenet5-shapes")).GetProperty("defaultVersion").GetInt32());

        foreach (var (route, serves) in new[] { ("versions/3/publish", 3), ("rollback", 2) })
        {
            using var answer = await workshop.Client.PostAsync(
                $"/models/lenet5-shapes/{route}", null, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(serves, (await workshop.Get("/models/lenet5-shapes")).GetProperty("defaultVersion").GetInt32());
        }
    }

    [Fact]
    public async Task Unpublished_new_model_answers_only_under_its_version()
    {
        await using var workshop = await Workshop.Start();
        await workshop.Until(await workshop.Create(await workshop.Upload(), method: "head", publish: "manual"), "succeeded");
        Assert.Equal("unpublished", (await workshop.Get("/models/lenet5-shapes")).GetProperty("state").GetString());
        (await workshop.Service.Post("/classify/lenet5-shapes", Images.Digit.As(null)))
            .Json.IsProblem(503, "model_unavailable", "POST /models/lenet5-shapes/versions/1/publish");
        Assert.Equal(200, (await workshop.Service.Post("/classify/lenet5-shapes/versions/1", Images.Digit.As(null))).Status);
        using var published = await workshop.Client.PostAsync(
            "/models/lenet5-shapes/versions/1/publish", null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, published.StatusCode);
        Assert.Equal(200, (await workshop.Service.Post("/classify/lenet5-shapes", Images.Digit.As(null))).Status);
    }

    [Fact]
    public async Task Bad_request_is_refused_with_a_message_that_names_the_value()
    {
        await using var workshop = await Workshop.Start();
        var dataset = await workshop.Upload(5);
        workshop.Repository.With("lenet5-other", 1);
        using var load = await workshop.Client.PostAsync("/models/lenet5-other/load", null, TestContext.Current.CancellationToken);
        foreach (var (body, status, code, named) in BadRequests.Select(row => row.Data))
        {
            using var answer = await workshop.Client.PostAsync(
                "/fine_tuning/jobs",
                new StringContent(body.Replace("DATASET", dataset, StringComparison.Ordinal), Encoding.UTF8, "application/json"),
                TestContext.Current.CancellationToken);
            await answer.IsProblem(status, code, named);
        }

        foreach (var (path, status, code) in new[]
        {
            ("ftjob-none", 404, "unknown_job"),
            ("ftjob-none/events", 404, "unknown_job"),
            ("ftjob-none/report", 404, "unknown_job"),
            ("?limit=0", 400, "malformed_request"),
        })
        {
            using var answer = await workshop.Client.GetAsync($"/fine_tuning/jobs/{path}", TestContext.Current.CancellationToken);
            await answer.IsProblem(status, code, path is "?limit=0" ? "limit is 0" : "ftjob-none");
        }

        Assert.Empty((await workshop.Get("/fine_tuning/jobs")).GetProperty("data").EnumerateArray());
    }

    [Fact]
    public async Task Jobs_wait_in_a_queue_are_listed_in_pages_and_can_be_cancelled()
    {
        await using var workshop = await Workshop.Start();
        var dataset = await workshop.Upload();
        var first = await workshop.Create(dataset, "a", epochs: 100_000);
        await workshop.UntilTold(first, "Checkpoint");
        var second = await workshop.Create(dataset, "b", epochs: 100_000);
        var third = await workshop.Create(dataset, "c");
        await workshop.Until(second, "queued");
        var page = await workshop.Get("/fine_tuning/jobs?limit=2");
        Assert.Equal((2, true), (page.GetProperty("data").GetArrayLength(), page.GetProperty("has_more").GetBoolean()));
        page = await workshop.Get($"/fine_tuning/jobs?limit=2&after={page.GetProperty("data")[1].GetProperty("id")}");
        Assert.Equal(
            (first, false), (page.GetProperty("data")[0].GetProperty("id").GetString(), page.GetProperty("has_more").GetBoolean()));
        Assert.True(await workshop.Service.Get<JobStore>().UsesDataset(dataset, TestContext.Current.CancellationToken));

        foreach (var job in (string[])[second, first])
        {
            Assert.Equal("cancelled", (await workshop.Post(job, "cancel")).GetProperty("status").GetString());
        }

        (await workshop.Post(first, "cancel", 409)).IsProblem(409, "conflict", $"{first} is cancelled");
        Assert.Equal("The job is cancelled.", (await workshop.Follow(first))[^1].Message);
        await workshop.Until(third, "succeeded");
        Assert.False(await workshop.Service.Get<JobStore>().UsesDataset(dataset, TestContext.Current.CancellationToken));
        Assert.False(Directory.Exists(Path.Combine(workshop.Repository.Folder, "lenet5-a")));
        Assert.Empty(workshop.Service.Logs.Errors);
    }
}
