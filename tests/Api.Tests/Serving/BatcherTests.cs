using System.Diagnostics.Metrics;
using Fovea.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Fovea.Api.Tests;

public sealed class BatcherTests : IDisposable
{
    private readonly Repository repository = new Repository().With("lenet5", 1);
    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().AddSingleton(Device.Cpu).AddSingleton<Metrics>().BuildServiceProvider();
    private readonly Classifier classifier;
    private readonly ServedModel served;

    public BatcherTests()
    {
        classifier = Classifier.Load(Path.Combine(repository.Folder, "lenet5", "1", "model.onnx"));
        served = new("lenet5", 1, classifier, places: 8, services.GetRequiredService<Metrics>());
    }

    [Fact]
    public async Task Batched_answer_equals_the_single_answer()
    {
        var images = Enumerable.Range(0, 5).Select(Image).ToArray();
        var single = new List<float[]>();
        foreach (var image in images)
        {
            single.Add(await Ask(image));
        }

        await served.Batcher.Use([2, 8]);
        var runs = new List<int>();
        using var listener = Listen(runs);
        var batched = await Together(images);
        Assert.Equal([5], runs);
        for (int i = 0; i < images.Length; i++)
        {
            Assert.Equal(single[i], batched[i], (x, y) => Math.Abs(x - y) < 1e-5);
        }
    }

    [Fact]
    public async Task More_images_than_a_batch_holds_run_in_several()
    {
        await served.Batcher.Use([1, 2]);
        var images = Enumerable.Range(0, 7).Select(Image).ToArray();
        var runs = new List<int>();
        using var listener = Listen(runs);
        var answers = await Together(images);
        Assert.Equal(7, runs.Sum());
        Assert.All(runs, run => Assert.InRange(run, 1, 2));
        Assert.Equal(7, answers.Select(logits => logits[0]).Distinct().Count());
    }

    [Fact]
    public async Task Images_of_long_runs_are_divided_among_the_processors_and_a_lone_one_is_spread_over_all()
    {
        int lanes = Environment.ProcessorCount;
        using var sideBySide = await SideBySide(spreads: true);
        var images = Photos(3 * lanes);
        float[][] expected = [.. images.Select(image => Alone(sideBySide.Classifier, image))];

        var runs = new List<int>();
        using var listener = Listen(runs);
        Assert.Equal(expected[0], await sideBySide.Logits(images[0].CopyTo, CancellationToken.None), Near);
        Assert.True(sideBySide.Log.RunsLong);
        Assert.Equal([1], runs);

        runs.Clear();
        Task<float[]>[] asked = [];
        await sideBySide.Batcher.Alone(() => asked = [.. images.Select(image => sideBySide.Logits(image.CopyTo, CancellationToken.None))]);
        Assert.Equal(expected, await Task.WhenAll(asked), (x, y) => Near(x, y));
        Assert.Equal(Enumerable.Repeat(3, lanes), runs);

        // Where spreading is so fast that all of them are answered sooner one after the other.
        await sideBySide.Batcher.Use([1, 4 * lanes], new Pace(inLane: 1, spread: 0.1 / lanes));
        runs.Clear();
        await sideBySide.Batcher.Alone(() => asked = [.. images.Select(image => sideBySide.Logits(image.CopyTo, CancellationToken.None))]);
        Assert.Equal(expected, await Task.WhenAll(asked), (x, y) => Near(x, y));
        Assert.Equal(Enumerable.Repeat(1, images.Length), runs);
    }

    [Fact]
    public async Task Busy_lane_takes_its_share_of_what_has_been_gathered()
    {
        int lanes = Environment.ProcessorCount;
        using var sideBySide = await SideBySide(spreads: false);
        var images = Photos(2 * lanes);
        await sideBySide.Logits(images[0].CopyTo, CancellationToken.None);
        var runs = new List<int>();
        using var listener = Listen(runs);
        var busy = sideBySide.Logits(images[0].CopyTo, CancellationToken.None);
        Task<float[]>[] asked;
        using (sideBySide.Batcher.Expect())
        {
            asked = [.. images.Select(image => sideBySide.Logits(image.CopyTo, CancellationToken.None))];
        }

        await Task.WhenAll([busy, .. asked]);
        Assert.Equal([1, .. Enumerable.Repeat(2, lanes)], runs.Order());
    }

    [Fact]
    public async Task Images_of_short_runs_that_come_while_threads_are_busy_run_together()
    {
        await served.Batcher.Use([1, 64]);
        var images = Enumerable.Range(0, 40).Select(Image).ToArray();
        float[][] expected = [.. images.Select(image => Alone(classifier, image))];
        do
        {
            await Ask(images[0]);
        }
        while (served.Log.RunsLong);

        var runs = new List<int>();
        using var listener = Listen(runs);
        using var busy = new ManualResetEventSlim();
        for (int i = 0; i < 100; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static busy => busy.Wait(), busy, preferLocal: false);
        }

        Task<float[]>[] asked = [.. images.Select(Ask)];
        busy.Set();
        Assert.Equal(expected, await Task.WhenAll(asked), (x, y) => Near(x, y));
        Assert.Equal([images.Length], runs);
    }

    [Fact]
    public async Task Image_whose_client_has_gone_costs_no_run_and_the_others_are_answered()
    {
        await served.Batcher.Use([8]);
        var images = Enumerable.Range(0, 3).Select(Image).ToArray();
        var expected = await Ask(images[2]);
        using var gone = new CancellationTokenSource();
        var runs = new List<int>();
        using var listener = Listen(runs);
        Task<float[]>[] asked = [];
        await served.Batcher.Alone(() =>
        {
            asked = [served.Logits(images[0].CopyTo, gone.Token), served.Logits(images[1].CopyTo, gone.Token), served.Logits(images[2].CopyTo, CancellationToken.None)];
            gone.Cancel();
        });
        Assert.Equal(expected, await asked[2], (x, y) => Math.Abs(x - y) < 1e-5);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked[0]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked[1]);
        Assert.Equal([1], runs);
    }

    [Fact]
    public async Task Image_that_cannot_be_written_fails_alone()
    {
        await served.Batcher.Use([4]);
        Task<float[]>[] asked = [];
        await served.Batcher.Alone(() => asked = [served.Logits(_ => throw new FoveaException(ErrorCode.DamagedImage, "It is broken."), CancellationToken.None), served.Logits(Image(1).CopyTo, CancellationToken.None)]);
        await Assert.ThrowsAsync<FoveaException>(() => asked[0]);
        Assert.Equal(10, (await asked[1]).Length);
    }

    [Fact]
    public async Task Batch_waits_for_an_image_that_was_announced_and_not_for_one_that_failed()
    {
        await served.Batcher.Use([4]);
        var runs = new List<int>();
        using var listener = Listen(runs);
        using var failing = served.Batcher.Expect();
        var asked = served.Logits(Image(1).CopyTo, CancellationToken.None);
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.False(asked.IsCompleted);
        failing.Dispose();
        await asked;
        Assert.Equal([1], runs);
    }

    [Fact]
    public async Task Sizes_change_while_images_are_on_their_way()
    {
        var images = Enumerable.Range(0, 40).Select(Image).ToArray();
        var asked = images.Select(image => Task.Run(() => Ask(image))).ToArray();
        foreach (int size in new[] { 2, 4, 1, 8, 16 })
        {
            await served.Batcher.Use([1, size]);
            await Task.Yield();
        }

        Assert.Equal(40, (await Task.WhenAll(asked)).Select(logits => logits[0]).Distinct().Count());
    }

    [Fact]
    public async Task Model_is_freed_only_when_its_last_lease_has_gone()
    {
        var lease = served.TryLease()!;
        served.Dispose();
        Assert.Equal(10, (await lease.Model.Logits(Image(1).CopyTo, CancellationToken.None)).Length);
        lease.Dispose();
        Assert.Null(served.TryLease());
    }

    [Fact]
    public async Task Model_is_freed_only_when_the_run_is_over_that_a_request_given_up_has_left_its_image_in()
    {
        var lease = served.TryLease()!;
        using var gone = new CancellationTokenSource();
        Task<float[]> asked = null!;
        var logits = new float[10];
        await served.Batcher.Alone(() =>
        {
            asked = served.Logits(Image(1).CopyTo, gone.Token);
            gone.Cancel();
            lease.Dispose();
            served.Dispose();
            classifier.Run(Image(1), 1, logits);
        });
        Assert.Null(served.TryLease());
        Assert.Equal(10, logits.Distinct().Count());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
    }

    public void Dispose()
    {
        served.Dispose();
        services.Dispose();
        repository.Dispose();
    }

    // A model whose runs are long.
    private async Task<ServedModel> SideBySide(bool spreads)
    {
        var file = Path.Combine(repository.Folder, "resnet18.onnx");
        OnnxFile.Write(Catalog.Find("resnet18").Build(classes: 10, input: new Shape(3, 128, 128)), file);
        var model = new ServedModel("resnet18", 1, Classifier.Load(file), places: 64, services.GetRequiredService<Metrics>());
        model.Classifier.RunSideBySide(rewritten: false, spreads);
        await model.Batcher.Use([1, 4 * Environment.ProcessorCount]);
        return model;
    }

    private static float[][] Photos(int count) => [.. Enumerable.Range(0, count).Select(seed => Noise(seed, 3 * 128 * 128))];

    // While a turn alone is taken nothing runs, so all of them are gathered.
    private async Task<float[][]> Together(float[][] images)
    {
        Task<float[]>[] asked = [];
        await served.Batcher.Alone(() => asked = [.. images.Select(Ask)]);
        return await Task.WhenAll(asked);
    }

    private Task<float[]> Ask(float[] image) => served.Logits(image.CopyTo, CancellationToken.None);

    private static float[] Alone(Classifier model, float[] image)
    {
        var logits = new float[model.Classes];
        model.Run(image, 1, logits);
        return logits;
    }

    private static bool Near(float[] x, float[] y) => x.Zip(y).All(pair => Math.Abs(pair.First - pair.Second) < 1e-3f);

    private static float[] Image(int seed) => Noise(seed, 28 * 28);

    private static float[] Noise(int seed, int size)
    {
        var random = new SeededRandom(seed);
        float[] image = new float[size];
        foreach (ref float value in image.AsSpan())
        {
            value = random.Uniform(0, 1);
        }

        return image;
    }

    private MeterListener Listen(List<int> runs)
    {
        var factory = services.GetRequiredService<IMeterFactory>();
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "fovea.batch.size" && instrument.Meter.Scope == factory)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<int>((_, size, _, _) =>
        {
            lock (runs)
            {
                runs.Add(size);
            }
        });
        listener.Start();
        return listener;
    }
}
