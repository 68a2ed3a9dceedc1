using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fovea.Api.Tests;

public sealed class BatchSizesTests
{
    [Fact]
    public async Task Sizes_are_measured_once_each_faster_than_those_before_and_remembered()
    {
        using var repository = new Repository().With("lenet5", 1);
        using var data = new TemporaryFolder();
        var file = Path.Combine(data.Path, "batch-sizes.json");
        await using (await Start(repository, data, file))
        {
        }

        var sizes = JsonSerializer.Deserialize<Dictionary<string, MeasuredSize[]>>(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), JsonSerializerOptions.Web)!.Values.Single().Where(size => !size.Spread).ToArray();
        Assert.Equal(1, sizes[0].Size);
        Assert.All(sizes.Zip(sizes.Skip(1)), pair => Assert.True(pair.First.Size < pair.Second.Size && pair.First.ImagesPerSecond < pair.Second.ImagesPerSecond));

        var written = File.GetLastWriteTimeUtc(file);
        await using var again = await Start(repository, data, file);
        await again.Logs.Until("runs in batches of");
        Assert.Equal(written, File.GetLastWriteTimeUtc(file));
    }

    [Fact]
    public void What_was_measured_is_remembered_beside_what_was_before()
    {
        using var data = new TemporaryFolder();
        var file = new SizesFile(new Settings { Data = data.Path }, NullLogger<SizesFile>.Instance);
        MeasuredSize[] measured = [new(1, 14.5, Spread: false), new(4, 15.5, Spread: false), new(1, 29.5, Spread: true)];
        file.Remember("one", measured);
        file.Remember("other", measured[..1]);
        Assert.Equal(measured, file.Find("one"));
        Assert.Equal(measured[..1], file.Find("other"));
        Assert.Null(file.Find("none"));
    }

    [Fact]
    public async Task Rewritten_model_answers_as_its_file_does()
    {
        using var repository = new Repository().With("lenet5", 1);
        using var data = new TemporaryFolder();
        var key = await SizesFile.Key(Path.Combine(repository.Folder, "lenet5", "1", "model.onnx"), TestContext.Current.CancellationToken);
        var file = new SizesFile(new Settings { Data = data.Path }, NullLogger<SizesFile>.Instance);
        double[][] answers = [await Answer(rewritten: false), await Answer(rewritten: true)];
        Assert.Equal(10, answers[0].Length);
        Assert.All(answers[0].Zip(answers[1]), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.NotEqual(answers[0], answers[1]);

        async Task<double[]> Answer(bool rewritten)
        {
            file.Remember(key, [new(1, 1000, Rewritten: rewritten)]);
            await using var service = await Start(repository, data, Path.Combine(data.Path, "batch-sizes.json"));
            var (status, json) = await service.Post("/classify/lenet5?top=10", Images.Digit.As(null));
            Assert.Equal(200, status);
            return [.. json.GetProperty("predictions").EnumerateArray().OrderBy(prediction => prediction.GetProperty("label").GetString()).Select(prediction => prediction.GetProperty("probability").GetDouble())];
        }
    }

    [Fact]
    public async Task Unreadable_memory_is_measured_anew()
    {
        using var repository = new Repository().With("lenet5", 1);
        using var data = new TemporaryFolder();
        var file = Path.Combine(data.Path, "batch-sizes.json");
        await File.WriteAllTextAsync(file, "{", TestContext.Current.CancellationToken);
        await using var service = await Start(repository, data, file);
        await service.Logs.Until("runs in batches of");
        Assert.StartsWith("{\"", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static async Task<TestService> Start(Repository repository, TemporaryFolder data, string file)
    {
        var service = await TestService.StartReady(repository, null, $"--Fovea:Data={data.Path}", "--Fovea:MaxBatch=4");
        await service.Logs.Until("runs in batches of");
        Assert.True(File.Exists(file));
        return service;
    }
}
