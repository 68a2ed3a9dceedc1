using Fovea.Api.Workers;

namespace Fovea.Api.Tests.FineTuning;

public sealed class LeaseTermTests
{
    // A term of 9 s that begins at second 0: the renewals as "sent>answered" in seconds, a time, and the state of the term at that time.
    public static TheoryData<string, double, string> Cases => new()
    {
        { "", 5.9, "held" },
        { "", 6.1, "fading" },
        { "", 8.9, "fading" },
        { "", 9.1, "over" },
        { "1>1 2>2", 7.9, "held" },
        { "1>1 2>2", 8.1, "fading" },
        { "1>1 2>2", 11.1, "over" },

        // A renewal counts from the time at which it was sent, because the database may have executed it at once.
        { "2>5", 7.9, "held" },
        { "2>5", 8.1, "fading" },

        // The renewal is answered after the term has begun to fade. The work is already stopping, and starts again in the next term.
        { "6.5>6.5", 6.6, "fading" },
        { "5>7", 7.1, "fading" },

        // The answer took longer than the length of the renewed term.
        { "0>12", 12, "over" },
    };

    [Theory, MemberData(nameof(Cases))]
    public void Term_fades_and_ends_by_the_time_of_its_last_renewal(string renewals, double second, string expected)
    {
        var clock = new ManualClock();
        using var term = new LeaseTerm(TimeSpan.FromSeconds(9), clock.GetTimestamp(), clock);
        foreach (var times in renewals.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(renewal => renewal.Split('>')))
        {
            clock.AdvanceTo(double.Parse(times[0], null));
            long sent = clock.GetTimestamp();
            clock.AdvanceTo(double.Parse(times[1], null));
            bool wasHeld = !term.Fading.IsCancellationRequested;
            Assert.Equal(wasHeld, term.TryExtend(sent));
        }

        clock.AdvanceTo(second);
        Assert.Equal(expected, term.Over.IsCancellationRequested ? "over" : term.Fading.IsCancellationRequested ? "fading" : "held");
        Assert.Equal(expected == "over", Record.Exception(term.RequireHeld) is OperationCanceledException);
    }

    [Fact]
    public void Term_is_over_by_the_clock_before_its_timers_fire()
    {
        var clock = new ManualClock();
        using var term = new LeaseTerm(TimeSpan.FromSeconds(9), clock.GetTimestamp(), clock);
        clock.JumpTo(8.9);
        term.RequireHeld();
        clock.JumpTo(9);
        Assert.False(term.Over.IsCancellationRequested);
        Assert.Throws<OperationCanceledException>(term.RequireHeld);
    }

    [Fact]
    public async Task Next_term_is_returned_once_and_without_one_there_is_a_reason()
    {
        var clock = new ManualClock();
        using var first = new LeaseTerm(TimeSpan.FromSeconds(9), 0, clock);
        clock.AdvanceTo(7);
        using var second = new LeaseTerm(TimeSpan.FromSeconds(9), clock.GetTimestamp(), clock);
        first.FollowedBy(second);
        first.End("late");
        Assert.Same(second, await first.Next);
        second.Fade("ftjob-1 is paused.");
        Assert.Equal("ftjob-1 is paused.", (await Assert.ThrowsAsync<OperationCanceledException>(() => second.Next)).Message);
        Assert.False(second.Over.IsCancellationRequested);
    }
}
