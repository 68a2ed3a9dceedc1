using System.Diagnostics.Metrics;
using Fovea.Api.Scheduling;
using Fovea.Api.Serving;
using Fovea.Api.Telemetry;
using Fovea.Api.Tests.Hosting;
using Fovea.Models.Architectures;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Runtime;
using Microsoft.Extensions.DependencyInjection;

namespace Fovea.Api.Tests.Scheduling;

public sealed class SchedulerTests : IDisposable
{
    private readonly Repository repository = new Repository().With("lenet5", 1);
    private readonly ServiceProvider services =
        new ServiceCollection().AddMetrics().AddSingleton(Device.Cpu).AddSingleton<Metrics>().BuildServiceProvider();

    private readonly ServedModel served;

    public SchedulerTests() => served = Serve("lenet5", Path.Combine(repository.Folder, "lenet5", "1", "model.onnx"));

    [Fact]
    public async Task Batched_answer_equals_the_single_answer()
    {
        var images = Enumerable.Range(0, 5).Select(Digit).ToArray();
        var single = new List<float[]>();
        foreach (var image in images)
        {
            single.Add(await Ask(image));
        }

        await Use(served, largest: 8, capacity: 8, SessionKind.AllCores);
        var runs = new List<int>();
        using var listener = Listen(runs);
        var batched = await Together(served, images);
        Assert.Equal([5], runs);
        Assert.Equal(single, batched, Near);
    }

    [Fact]
    public async Task More_images_than_a_batch_holds_run_in_several_batches()
    {
        await Use(served, largest: 2, capacity: 2, SessionKind.AllCores, SessionKind.OneCore);
        var images = Enumerable.Range(0, 7).Select(Digit).ToArray();
        var runs = new List<int>();
        using var listener = Listen(runs);
        var answers = await Task.WhenAll(images.Select(Ask));
        Assert.Equal(7, runs.Sum());
        Assert.All(runs, run => Assert.InRange(run, 1, 2));
        Assert.Equal(7, answers.Select(logits => logits[0]).Distinct().Count());
    }

    [Fact]
    public async Task Images_of_long_runs_are_divided_among_the_slots_and_a_single_image_uses_all_cores()
    {
        int slots = Environment.ProcessorCount;
        using var photos = Photos(out var images, count: 3 * slots);
        await Use(photos, largest: 4, capacity: 4 * slots, SessionKind.AllCores, SessionKind.OneCore);
        float[][] expected = [.. await Task.WhenAll(images.Select(image => Alone(photos, image)))];

        var runs = new List<int>();
        using var listener = Listen(runs);
        Assert.Equal(expected[0], await photos.Logits(images[0].CopyTo, CancellationToken.None), (x, y) => Math.Abs(x - y) < 1e-3);
        Assert.True(photos.Log.RunsLong);
        Assert.Equal([1], runs);

        runs.Clear();
        Assert.Equal(expected, await Together(photos, images), Near);
        Assert.Equal(Enumerable.Repeat(3, slots), runs);

        // Here spread runs are so fast that running the images one after the other answers all of them sooner than a batch.
        await photos.Scheduler.Use(photos.Scheduler.Sessions with { OneSlotSeconds = 1, SpreadSeconds = 0.1 / slots });
        runs.Clear();
        Assert.Equal(expected, await Together(photos, images), Near);
        Assert.Equal(Enumerable.Repeat(1, images.Length), runs);
    }

    [Fact]
    public async Task Slot_that_becomes_free_takes_its_share_of_the_open_batch()
    {
        int slots = Environment.ProcessorCount;
        using var photos = Photos(out var images, count: 2 * slots);
        await Use(photos, largest: 4, capacity: 4 * slots, SessionKind.OneCore);
        await Alone(photos, images[0]);
        var runs = new List<int>();
        using var listener = Listen(runs);
        var busy = photos.Logits(images[0].CopyTo, CancellationToken.None);
        await Task.WhenAll([busy, Together(photos, images)]);
        Assert.Equal([1, .. Enumerable.Repeat(2, slots)], runs.Order());
    }

    [Fact]
    public async Task Images_of_short_runs_that_arrive_while_threads_are_busy_run_together()
    {
        await Use(served, largest: 64, capacity: 64, SessionKind.AllCores);
        var images = Enumerable.Range(0, 40).Select(Digit).ToArray();
        float[][] expected = [.. await Task.WhenAll(images.Select(Ask))];
        do
        {
            await Ask(images[0]);
        }
        while (served.Log.RunsLong);

        var runs = new List<int>();
        using var listener = Listen(runs);
        using var busy = new BusyThreads();

        Task<float[]>[] asked = [.. images.Select(Ask)];
        busy.Release();
        Assert.Equal(expected, await Task.WhenAll(asked), Near);
        Assert.Equal([images.Length], runs);
    }

    [Fact]
    public async Task Lone_image_of_a_short_run_is_answered_before_its_request_gives_up_the_thread()
    {
        await Use(served, largest: 4, capacity: 4, SessionKind.OneCore);
        await served.Scheduler.Use(served.Scheduler.Sessions with { OneSlotSeconds = 0.00002 });
        var expected = await Ask(Digit(1));
        using var lease = served.TryLease()!;
        lease.Admit();
        int thread = Environment.CurrentManagedThreadId, writer = 0;
        var answer = served.Logits(
            slot =>
            {
                writer = Environment.CurrentManagedThreadId;
                Digit(1).CopyTo(slot);
            },
            CancellationToken.None);
        Assert.True(answer.IsCompletedSuccessfully);
        Assert.Equal(expected, await answer, Near);
        Assert.Equal(thread, writer);
        Assert.Throws<InvalidOperationException>(
            () => { _ = served.Logits(_ => throw new InvalidOperationException(), CancellationToken.None); });
        Assert.Equal(expected, await Ask(Digit(1)), Near);

        // Images that were announced, or of several requests, are gathered.
        var runs = new List<int>();
        using var listener = Listen(runs);
        await Together(served, [Digit(1), Digit(2), Digit(3)]);
        Assert.Equal([3], runs);
    }

    [Fact]
    public async Task Requests_that_work_long_after_their_answers_do_not_keep_others_of_the_batch_waiting()
    {
        await Use(served, largest: 8, capacity: 8, SessionKind.AllCores);
        await Ask(Digit(1));
        using var together = new Barrier(3);
        async Task<bool> Work(float[] image)
        {
            await Ask(image);
            return together.SignalAndWait(TimeSpan.FromMinutes(1));
        }

        // On the thread pool, as requests are. Otherwise the answers would pass through the context of the test.
        var working = await Task.Run(
            () =>
            {
                using var announced = served.Scheduler.Expect();
                return Enumerable.Range(1, 3).Select(i => Work(Digit(i))).ToArray();
            },
            TestContext.Current.CancellationToken);
        Assert.All(await Task.WhenAll(working), Assert.True);
    }

    [Fact]
    public async Task Image_of_a_disconnected_client_costs_no_run_and_the_others_are_answered()
    {
        await Use(served, largest: 8, capacity: 8, SessionKind.AllCores);
        var images = Enumerable.Range(0, 3).Select(Digit).ToArray();
        var expected = await Ask(images[2]);
        using var gone = new CancellationTokenSource();
        var runs = new List<int>();
        using var listener = Listen(runs);
        Task<float[]>[] asked;
        using (served.Scheduler.Expect())
        {
            asked = [served.Logits(images[0].CopyTo, gone.Token), served.Logits(images[1].CopyTo, gone.Token), Ask(images[2])];
            await gone.CancelAsync();
        }

        Assert.Equal(expected, await asked[2], (x, y) => Math.Abs(x - y) < 1e-5);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked[0]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked[1]);
        Assert.Equal([1], runs);
    }

    [Fact]
    public async Task Image_that_cannot_be_written_fails_alone()
    {
        Task<float[]>[] asked;
        using (served.Scheduler.Expect())
        {
            var broken = new FoveaException(ErrorCode.DamagedImage, "It is broken.");
            asked = [served.Logits(_ => throw broken, CancellationToken.None), Ask(Digit(1))];
        }

        await Assert.ThrowsAsync<FoveaException>(() => asked[0]);
        Assert.Equal(10, (await asked[1]).Length);
    }

    [Fact]
    public async Task Batch_waits_until_an_announced_image_is_written_or_cancelled()
    {
        var runs = new List<int>();
        using var listener = Listen(runs);
        using var announced = served.Scheduler.Expect();
        var asked = Ask(Digit(1));
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.False(asked.IsCompleted);
        announced.Dispose();
        await asked;
        Assert.Equal([1], runs);
    }

    [Fact]
    public async Task Request_cancelled_while_it_waits_for_a_slot_ends_at_once_and_the_others_are_answered()
    {
        await Use(served, largest: 1, capacity: 1, SessionKind.AllCores);
        using var gone = new CancellationTokenSource();
        using var entered = new SemaphoreSlim(0);
        using var leave = new SemaphoreSlim(0);
        void Slowly(Span<float> slot)
        {
            entered.Release();
            leave.Wait();
            Digit(1).CopyTo(slot);
        }

        // An image that is being written has the only slot of the open batch.
        var slow = Task.Run(() => served.Logits(Slowly, CancellationToken.None), TestContext.Current.CancellationToken);
        await entered.WaitAsync(TestContext.Current.CancellationToken);
        var abandoned = served.Logits(Digit(2).CopyTo, gone.Token);
        var waiting = Ask(Digit(3));
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned);
        leave.Release();
        Assert.Equal(10, (await waiting).Length);
        await slow;
    }

    [Fact]
    public async Task Sessions_change_while_images_wait_in_an_older_batch()
    {
        // The batch in which the images wait has a session for one slot only. The new set would spread each of them.
        using var photos = Photos(out var images, count: 2);
        await Use(photos, largest: 4, capacity: 8, SessionKind.OneCore);
        float[][] expected = [.. await Task.WhenAll(images.Select(image => Alone(photos, image)))];
        using var spread = photos.Classifier.Open(SessionKind.AllCores)!;
        var before = photos.Scheduler.Sessions;
        Task<float[]>[] asked;
        Task replaced;
        using (photos.Scheduler.Expect())
        {
            asked = [.. images.Select(image => photos.Logits(image.CopyTo, CancellationToken.None))];
            replaced = photos.Scheduler.Use(before with { Spread = spread, OneSlotSeconds = 1, SpreadSeconds = 0.01 });
            Assert.False(replaced.IsCompleted);
        }

        Assert.Equal(expected, await Task.WhenAll(asked), Near);
        await replaced;
        Assert.Equal(expected, await Together(photos, images), Near);
        await photos.Scheduler.Use(before);
    }

    [Fact]
    public async Task Sizes_change_while_images_are_in_flight()
    {
        var images = Enumerable.Range(0, 40).Select(Digit).ToArray();
        var asked = images.Select(image => Task.Run(() => Ask(image))).ToArray();
        foreach (int size in new[] { 2, 4, 1, 8, 16 })
        {
            await served.Scheduler.Use(served.Scheduler.Sessions with { LargestSlice = size, Sizes = [size] });
            await Task.Yield();
        }

        Assert.Equal(40, (await Task.WhenAll(asked)).Select(logits => logits[0]).Distinct().Count());
    }

    [Fact]
    public async Task Model_is_freed_only_after_its_last_lease()
    {
        var lease = served.TryLease()!;
        served.Dispose();
        Assert.Equal(10, (await lease.Model.Logits(Digit(1).CopyTo, CancellationToken.None)).Length);
        lease.Dispose();
        Assert.Null(served.TryLease());
    }

    [Fact]
    public async Task Model_is_freed_only_after_the_run_that_holds_the_image_of_a_cancelled_request()
    {
        using var session = served.Classifier.Open(SessionKind.OneCore)!;
        int freed = 0;
        var set = new SessionSet(null, [session], 1, [1]);
        var scheduler = new Scheduler(
            _ => served.Classifier.CreateBatch(session, 1), 1, set, served.Log, () => Interlocked.Increment(ref freed));
        using var gone = new CancellationTokenSource();
        using var busy = new BusyThreads();

        // The start of the run is queued behind the work above.
        var abandoned = scheduler.Run(Digit(1).CopyTo, gone.Token);
        await gone.CancelAsync();
        scheduler.Dispose();
        Assert.Equal(0, Volatile.Read(ref freed));
        busy.Release();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned);
        await Eventually.True(() => Task.FromResult(Volatile.Read(ref freed) == 1));
    }

    public void Dispose()
    {
        served.Dispose();
        services.Dispose();
        repository.Dispose();
    }

    // Opens sessions of these kinds except the first, which is already open, and runs in them.
    private static async Task Use(ServedModel model, int largest, int capacity, params SessionKind[] kinds)
    {
        var before = model.Scheduler.Sessions;
        var spread = kinds.Contains(SessionKind.AllCores) ? before.Spread : null;
        ModelSession[] oneSlot = [.. kinds.Where(kind => !kind.Spread).Select(kind => model.Classifier.Open(kind)!)];
        var set = new SessionSet(spread, oneSlot, largest, [capacity]);
        await model.Scheduler.Use(set);
        foreach (var session in before.All.Except(set.All))
        {
            session.Dispose();
        }
    }

    // An announced image that still has room in the batch keeps the batch open, so all images are collected.
    private static async Task<float[][]> Together(ServedModel model, float[][] images)
    {
        Task<float[]>[] asked;
        using (model.Scheduler.Expect())
        {
            asked = [.. images.Select(image => model.Logits(image.CopyTo, CancellationToken.None))];
        }

        return await Task.WhenAll(asked);
    }

    private static Task<float[]> Alone(ServedModel model, float[] image) => model.Logits(image.CopyTo, CancellationToken.None);

    private static bool Near(float[] x, float[] y) => x.Zip(y).All(pair => Math.Abs(pair.First - pair.Second) < 1e-3f);

    private static float[] Digit(int seed) => Noise(seed, 28 * 28);

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

    private ServedModel Serve(string name, string file) =>
        new(name, 1, Classifier.Load(file), places: 64, services.GetRequiredService<Metrics>(), new());

    // Makes a model whose runs are long.
    private ServedModel Photos(out float[][] images, int count)
    {
        var file = Path.Combine(repository.Folder, "resnet18.onnx");
        OnnxFile.Write(Catalog.Find("resnet18").Build(classes: 10, input: new Shape(3, 128, 128)), file);
        images = [.. Enumerable.Range(0, count).Select(seed => Noise(seed, 3 * 128 * 128))];
        return Serve("resnet18", file);
    }

    private Task<float[]> Ask(float[] image) => Alone(served, image);

    private MeterListener Listen(List<int> runs) => BatchSizes.Listen(services.GetRequiredService<IMeterFactory>(), runs);
}
