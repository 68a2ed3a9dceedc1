using Fovea.Api.Scheduling;
using Fovea.Models.Runtime;

namespace Fovea.Api.Tests.Tuning;

public sealed class ExplorationTests
{
    private static readonly SessionKind[] AllKinds = [SessionKind.OneCore, SessionKind.OneCoreRewritten, SessionKind.AllCores];

    private static readonly TuningLimits Limits = new(MaxBatch: 32, FixedBatch: null, SparesMemory: false);

    [Theory]
    [InlineData(1.0, 1.2, 0.95, "1")] // Rewriting makes it slower, and spreading gains too little.
    [InlineData(1.0, 0.98, 0.95, "1")] // Rewriting gains too little.
    [InlineData(1.0, 0.7, 0.5, "1 rewritten, 1 spread")]
    [InlineData(1.0, 0.7, 0.68, "1 rewritten")]
    [InlineData(1.0, 2.0, 0.5, "1, 1 spread")]
    public void Fastest_kind_is_found(double plain, double rewritten, double spread, string expected)
    {
        var found = Explore(new(AllKinds, Limits), trial => (trial.Kind.Spread ? spread : trial.Kind.Rewritten ? rewritten : plain) * 0.1);
        Assert.Equal(expected, string.Join(", ", found.Select(size => $"{size}".Split(" (")[0])));

        // The order in which the sessions were opened does not matter.
        var again = Explore(
            new(AllKinds.Reverse(), Limits), trial => (trial.Kind.Spread ? spread : trial.Kind.Rewritten ? rewritten : plain) * 0.1);
        Assert.Equal(found, again);
    }

    [Theory]
    [InlineData(0.5, 0.3, "1 rewritten, 1 spread rewritten")]
    [InlineData(0.5, 0.49, "1 rewritten, 1 spread")] // Rewriting gains too little.
    [InlineData(0.9, 0.68, "1 rewritten")] // Spreading gains too little.
    public void Lone_images_get_the_faster_of_the_sessions_on_all_cores(double spread, double both, string expected)
    {
        SessionKind[] kinds = [.. AllKinds, SessionKind.AllCoresRewritten];
        double Time(Trial trial) =>
            (trial.Kind is { Spread: true, Rewritten: true } ? both : trial.Kind.Spread ? spread : trial.Kind.Rewritten ? 0.7 : 1) * 0.1;
        var found = Explore(new(kinds, Limits), Time);
        Assert.Equal(expected, string.Join(", ", found.Select(size => $"{size}".Split(" (")[0])));
        Assert.Equal(found, Explore(new(kinds.Reverse(), Limits), Time));
    }

    [Theory]
    [InlineData(0.9, 0.5, "1 int8")]
    [InlineData(0.9, 0.8, "1 rewritten")] // The integers gain too little over the rewritten floats.
    [InlineData(1.0, 0.9, "1")]
    [InlineData(1.0, 1.2, "1")]
    public void Quantised_twin_is_used_only_where_it_is_clearly_faster(double rewritten, double quantized, string expected)
    {
        SessionKind[] kinds = [.. AllKinds, SessionKind.OneCoreInt8];
        double Time(Trial trial) =>
            (trial.Kind.Spread ? 0.95 : trial.Kind.Quantized is not null ? quantized : trial.Kind.Rewritten ? rewritten : 1) * 0.1;
        var found = Explore(new(kinds, Limits), Time);
        Assert.Equal(expected, string.Join(", ", found.Select(size => $"{size}".Split(" (")[0])));
        Assert.Equal(found, Explore(new(kinds.Reverse(), Limits), Time));
    }

    [Theory]
    [InlineData(0.5, "1 fp16, 2 fp16, 4 fp16")]
    [InlineData(0.9, "1, 2, 4")] // 16 bits gain too little.
    [InlineData(2.0, "1, 2, 4")]
    public void Twin_of_16_bits_is_used_on_a_GPU_only_where_it_is_clearly_faster(double fp16, string expected)
    {
        SessionKind[] kinds = [SessionKind.AllCores, SessionKind.AllCoresFp16];
        double Time(Trial trial) => (trial.Kind.Quantized is null ? 1 : fp16) * 0.001 / Math.Min(trial.Size, 4);
        var found = Explore(new(kinds, Limits), Time);
        Assert.Equal(expected, string.Join(", ", found.Select(size => $"{size}".Split(" (")[0])));
        Assert.Equal(found, Explore(new(kinds.Reverse(), Limits), Time));
    }

    [Fact]
    public void Failed_size_is_not_tried_again_and_smaller_sizes_are_used()
    {
        var exploration = new Exploration([SessionKind.OneCore], Limits);
        exploration.Fail(new(SessionKind.OneCore, 2));
        var tried = new HashSet<int>();
        var found = Explore(exploration, trial =>
        {
            tried.Add(trial.Size);
            return 0.01 / trial.Size;
        });
        Assert.Equal([1], tried);
        Assert.Equal([1], found.Select(size => size.Size));
    }

    [Fact]
    public void Sizes_grow_while_throughput_grows()
    {
        // A run takes 1 ms plus 4 ms per image. Batches of more than 8 images gain nothing.
        var found = Explore(new([SessionKind.OneCore], Limits), trial => 0.004 + (0.001 / Math.Min(trial.Size, 8)));
        Assert.Equal([1, 2, 4, 8], found.Select(size => size.Size));
        Assert.Equal(1 / 0.005, found[0].ImagesPerSecond, 1e-6);
    }

    [Fact]
    public void No_size_is_tried_that_would_keep_images_waiting_for_long()
    {
        var tried = new HashSet<int>();
        Explore(new([SessionKind.OneCore], Limits), trial =>
        {
            tried.Add(trial.Size);
            return 0.15 / trial.Size;
        });
        Assert.Equal([1, 2, 4, 8, 16, 32], tried.Order());
        tried.Clear();
        Explore(new([SessionKind.OneCore], Limits), trial =>
        {
            tried.Add(trial.Size);
            return 0.2;
        });
        Assert.Equal([1, 2], tried.Order());
    }

    [Fact]
    public void File_of_one_batch_size_is_tried_with_that_size()
    {
        var found = Explore(new([SessionKind.OneCore], Limits with { FixedBatch = 4 }), _ => 0.01);
        Assert.Equal([4], found.Select(size => size.Size));
    }

    [Fact]
    public void Noise_that_disturbs_some_runs_does_not_change_the_choice()
    {
        // Every third run takes three times as long, as if another process had used the machine.
        int run = 0;
        var found = Explore(new(AllKinds, Limits), trial => (trial.Kind.Rewritten ? 0.07 : 0.1) * (++run % 3 == 0 ? 3 : 1));
        Assert.True(found[0].Rewritten);
    }

    [Fact]
    public void Trials_take_turns_so_that_a_slow_minute_affects_all_of_them()
    {
        var exploration = new Exploration([SessionKind.OneCore, SessionKind.OneCoreRewritten], Limits);
        var order = new List<SessionKind>();
        while (exploration.Next(trial => trial.Size == 1) is { } trial)
        {
            order.Add(trial.Kind);
            exploration.Record(trial.Kind, 1, 0.1);
        }

        Assert.Equal(order.Count(kind => kind.Rewritten), order.Count(kind => !kind.Rewritten));
        Assert.All(order.Chunk(4), some => Assert.Equal(2, some.Distinct().Count()));
    }

    [Theory]
    [InlineData(0.7, true)]
    [InlineData(1.2, false)]
    public void Fastest_kind_for_requests_is_known_as_soon_as_the_smallest_size_of_each_kind_is_measured(double rewritten, bool expected)
    {
        // Under load no batch fits the trials on all cores, so exploring does not end.
        var exploration = new Exploration(AllKinds, Limits);
        while (exploration.Next(trial => trial is { Size: 1, Kind.Spread: false }) is { } trial)
        {
            Assert.Null(exploration.Leader);
            exploration.Record(trial.Kind, 1, trial.Kind.Rewritten ? rewritten : 1);
        }

        Assert.True(exploration.IsLeaderKnown);
        Assert.False(exploration.IsDone);
        Assert.Equal(expected ? SessionKind.OneCoreRewritten : SessionKind.OneCore, exploration.Leader);
    }

    [Fact]
    public void Kinds_that_are_opened_later_are_tried_too()
    {
        var exploration = new Exploration([SessionKind.OneCore, SessionKind.OneCoreRewritten], Limits);
        exploration.Fail(new(SessionKind.OneCoreRewritten, 1));
        Explore(exploration, _ => 0.1);
        exploration.Add(AllKinds);
        Assert.False(exploration.IsDone);
        Assert.Equal([SessionKind.AllCores], exploration.OpenKinds);
        var found = Explore(exploration, trial => trial.Kind.Spread ? 0.01 : 0.1);
        Assert.Equal("1, 1 spread", string.Join(", ", found.Select(size => size.ToString()).Select(text => text.Split(" (")[0])));
    }

    [Fact]
    public void Leader_stays_while_only_another_kind_has_measured_a_larger_size()
    {
        var exploration = new Exploration([SessionKind.OneCore, SessionKind.OneCoreRewritten], Limits);
        while (exploration.Next(trial => trial.Size == 1) is { } trial)
        {
            exploration.Record(trial.Kind, 1, trial.Kind.Rewritten ? 0.08 : 0.1);
        }

        // A batch of two takes as long as one image. The first run is no sample.
        Assert.Equal(SessionKind.OneCoreRewritten, exploration.Leader);
        exploration.Record(SessionKind.OneCore, 2, 0.1);
        Assert.True(exploration.Record(SessionKind.OneCore, 2, 0.1));
        Assert.Equal(SessionKind.OneCoreRewritten, exploration.Leader);
    }

    [Fact]
    public void Failed_kind_is_not_tried_again_and_not_chosen()
    {
        var exploration = new Exploration(AllKinds, Limits);
        exploration.Fail(new(SessionKind.OneCoreRewritten, 1));
        var found = Explore(exploration, trial => trial.Kind.Rewritten ? 0.01 : 0.1);
        Assert.DoesNotContain(found, size => size.Rewritten);
    }

    [Fact]
    public void Runs_of_requests_that_fit_no_trial_are_ignored()
    {
        var exploration = new Exploration([SessionKind.OneCore], Limits);
        exploration.Record(SessionKind.OneCore, 3, 1);
        exploration.Record(SessionKind.AllCores, 1, 1);
        Assert.Equal(0, exploration.Samples);
        Assert.Empty(exploration.Best());
    }

    private static IReadOnlyList<MeasuredSize> Explore(Exploration exploration, Func<Trial, double> secondsPerImage)
    {
        for (int i = 0; exploration.Next(_ => true) is { } trial; i++)
        {
            Assert.True(i < 1_000, "exploring does not end");
            exploration.Record(trial.Kind, trial.Size, trial.Size * secondsPerImage(trial));
        }

        Assert.True(exploration.IsDone);
        return exploration.Best();
    }
}
