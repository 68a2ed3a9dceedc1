using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Fovea.Api.ModelRepository;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.ModelRepository;

/// <summary>Replaces files under load in the way of cp: it empties the file and writes it again in place.</summary>
[Trait("Needs", "time")]
public sealed class ReplacedFileTests
{
    private static readonly byte[] Image = Images.Blank(8, 8);

    [Fact]
    public async Task Each_answer_combines_labels_and_weights_of_the_same_file_content()
    {
        using var repository = new Repository();
        await Replace(repository, 1);
        await using var administrator = await Administrator.Start(repository, "--Fovea:PollSeconds=1");
        var answers = new ConcurrentQueue<int>();
        using var over = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
            {
                answers.Enqueue(await Content(administrator));
            }
        }, Stop)).ToArray();
        for (int content = 2; content <= 4; content++)
        {
            await UntilMeasured(administrator);
            await Replace(repository, content);
            await Eventually.True(() => Task.FromResult(answers.LastOrDefault() == content));
        }

        await over.CancelAsync();
        await Task.WhenAll(clients);

        // Clients record their answers in any order, but no answer may be older than the previous content.
        Assert.All(answers.Zip(answers.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, -1, 1));
        Assert.Empty(administrator.Service.Logs.Errors);
    }

    [Fact]
    public async Task Without_polling_new_files_are_invisible_until_the_model_is_loaded()
    {
        using var repository = new Repository();
        await Replace(repository, 1);
        await using var administrator = await Administrator.Start(repository);
        await UntilMeasured(administrator);
        await Replace(repository, 2);
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(1, await Content(administrator));
        }

        (await administrator.Send(HttpMethod.Get, "/models/odd/summary"))
            .Json.IsProblem(503, "model_unavailable", "have changed since it was loaded");
        Assert.Equal(200, (await administrator.Post("/models/odd/load")).Status);
        Assert.Equal(2, await Content(administrator));
        Assert.Equal(200, (await administrator.Send(HttpMethod.Get, "/models/odd/summary")).Status);
    }

    [Fact]
    public async Task Files_that_are_still_being_written_are_not_loaded()
    {
        using var repository = new Repository();
        await Replace(repository, 1);
        await using var administrator = await Administrator.Start(repository);

        // If a busy machine stops the writer for long, the service may take the files for complete. Such an attempt is repeated.
        (TimeSpan Pause, JsonElement Load, int Served) seen;
        int attempts = 0;
        do
        {
            Assert.InRange(++attempts, 1, 100);
            await Replace(repository, 1);
            Assert.Equal(200, (await administrator.Post("/models/odd/load")).Status);
            await Replace(repository, 2);
            seen = await LoadWhileWriting(administrator, repository);
        }
        while (seen.Pause > TimeSpan.FromMilliseconds(150));

        seen.Load.IsProblem(503, "model_unavailable", "being written");
        Assert.Equal(1, seen.Served);
        Assert.Equal(200, (await administrator.Post("/models/odd/load")).Status);
        Assert.Equal(2, await Content(administrator));
    }

    [Fact]
    public async Task Unreadable_files_are_read_again_while_their_writer_may_pause()
    {
        using var repository = new Repository();
        await Replace(repository, 1);
        await using var administrator = await Administrator.Start(repository);
        await Replace(repository, 2);
        var labels = Path.Combine(repository.Folder, "odd", "1", "labels.txt");
        var text = await File.ReadAllTextAsync(labels, Stop);
        await File.WriteAllTextAsync(labels, "", Stop);
        var load = administrator.Post("/models/odd/load");
        await Task.Delay(TimeSpan.FromMilliseconds(600), Stop);
        await File.WriteAllTextAsync(labels, text, Stop);
        Assert.Equal(200, (await load).Status);
        Assert.Equal(2, await Content(administrator));
    }

    [Fact]
    public async Task Files_rewritten_with_the_same_bytes_are_not_loaded_again()
    {
        using var repository = new Repository();
        await Replace(repository, 1);
        await using var administrator = await Administrator.Start(repository);
        var served = administrator.Service.Get<ModelStore>().Find("odd").Serving.Served;
        await Replace(repository, 1);
        await administrator.Poll(3);
        Assert.Equal(200, (await administrator.Post("/models/odd/load")).Status);
        Assert.Same(served, administrator.Service.Get<ModelStore>().Find("odd").Serving.Served);
        await Replace(repository, 2);
        await administrator.Poll(2);
        Assert.NotSame(served, administrator.Service.Get<ModelStore>().Find("odd").Serving.Served);
        Assert.Equal(2, await Content(administrator));
    }

    [Fact]
    public async Task Copy_with_the_same_time_and_size_is_noticed_as_a_change()
    {
        using var repository = new Repository();
        await Replace(repository, 1);
        await using var administrator = await Administrator.Start(repository);
        var file = Path.Combine(repository.Folder, "odd", "1", "model.onnx");
        var (time, size) = (File.GetLastWriteTimeUtc(file), new FileInfo(file).Length);
        await Replace(repository, 2);
        foreach (var written in Directory.GetFiles(Path.GetDirectoryName(file)!))
        {
            File.SetLastWriteTimeUtc(written, time);
        }

        Assert.Equal(size, new FileInfo(file).Length);
        await administrator.Poll(2);
        Assert.Equal(2, await Content(administrator));
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // Loads the model while a thread writes its files again and again. Pause is the longest time between the ends of two writes.
    private static async Task<(TimeSpan Pause, JsonElement Load, int Served)> LoadWhileWriting(
        Administrator administrator, Repository repository)
    {
        using var over = new CancellationTokenSource();
        var writing = Task.Factory.StartNew(
            () =>
            {
                Thread.CurrentThread.Priority = ThreadPriority.AboveNormal;
                var longest = TimeSpan.Zero;
                long last = TimeProvider.System.GetTimestamp();
                while (!over.IsCancellationRequested)
                {
                    _ = Replace(repository, 2);
                    long now = TimeProvider.System.GetTimestamp();
                    var pause = TimeProvider.System.GetElapsedTime(last, now);
                    (longest, last) = (pause > longest ? pause : longest, now);
                }

                return longest;
            },
            Stop,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        var (load, served) = (await administrator.Post("/models/odd/load"), await Content(administrator));
        await over.CancelAsync();
        return (await writing, load.Json, served);
    }

    // Makes the content with this number: its labels begin with the number, and its logits are the number and 0. (The logits 1 and 0 could
    // be probabilities, and would be taken as such.)
    private static Task Replace(Repository repository, int content)
    {
        var folder = Directory.CreateDirectory(Path.Combine(repository.Folder, "odd", "1")).FullName;
        Overwrite(Path.Combine(folder, "labels.txt"), System.Text.Encoding.UTF8.GetBytes($"{content} first\n{content} second\n"));
        Overwrite(Path.Combine(folder, "model.json"), """{ "labels": "labels.txt" }"""u8.ToArray());
        Overwrite(Path.Combine(folder, "model.onnx"), Networks.Constant(content + 1));
        return Task.CompletedTask;
    }

    private static void Overwrite(string path, byte[] bytes)
    {
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(0);
        foreach (var part in bytes.Chunk(Math.Max(1, bytes.Length / 3)))
        {
            file.Write(part);
            file.Flush();
            Thread.Yield();
        }
    }

    // Returns the number of the content that has answered.
    private static async Task<int> Content(Administrator administrator)
    {
        var (status, json) = await administrator.Service.Post("/classify/odd", Image.As(null));
        Assert.True(status == 200, $"{json}");
        var first = json.GetProperty("predictions")[0];
        int content = int.Parse(first.GetProperty("label").GetString()!.Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.Equal(1 / (1 + Math.Exp(-content - 1)), first.GetProperty("probability").GetDouble(), 1e-5);
        return content;
    }

    private static Task UntilMeasured(Administrator administrator) => Eventually.True(async () =>
        (await administrator.Service.Get("/diagnostics")).GetProperty("models").EnumerateArray().All(HasSizes));

    private static bool HasSizes(JsonElement model) =>
        model.EnumerateObject()
            .First(property => property.Name.Equals("batchSizes", StringComparison.OrdinalIgnoreCase))
            .Value.GetArrayLength() > 0;
}
