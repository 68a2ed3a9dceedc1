using Fovea.Api.Explanation;
using Fovea.Api.Scheduling;
using Fovea.Api.Tests.FineTuning;

namespace Fovea.Api.Tests.Explanation;

public sealed class ExplanationTurnsTests
{
    private readonly ManualClock clock = new();
    private readonly RequestsInFlight inFlight = new();

    [Fact]
    public async Task Explanations_run_one_after_the_other()
    {
        var (turns, places) = Turns();
        var first = new TaskCompletionSource<int>();
        bool isSecondBegun = false;
        var running = turns.Run(places, () => first.Task, TestContext.Current.CancellationToken);
        var waiting = turns.Run(
            places,
            () =>
            {
                isSecondBegun = true;
                return Task.FromResult(2);
            },
            TestContext.Current.CancellationToken);
        Assert.False(isSecondBegun);
        first.SetResult(1);
        Assert.Equal((1, 2), (await running, await waiting));
    }

    [Fact]
    public async Task Service_rests_after_an_explanation_while_images_are_classified()
    {
        var (turns, places) = Turns();
        var other = new Admission("model", 8, inFlight);
        other.Enter();
        await Explain(turns, places, until: 1);
        var next = turns.Run(places, () => Task.FromResult(true), TestContext.Current.CancellationToken);
        Assert.False(next.IsCompleted);

        // The explanation took one second, so the rest lasts two.
        clock.AdvanceTo(3);
        Assert.True(await next);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Explanations_need_no_rest_among_themselves(bool isFailure)
    {
        var (turns, places) = Turns();
        places.Enter();
        if (isFailure)
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() =>
                turns.Run<int>(places, () => throw new InvalidOperationException(), TestContext.Current.CancellationToken));
        }
        else
        {
            await Explain(turns, places, until: 1);
        }

        Assert.True(turns.Run(places, () => Task.FromResult(true), TestContext.Current.CancellationToken).IsCompletedSuccessfully);
    }

    private (ExplanationTurns Turns, Admission Places) Turns() => (new(inFlight, clock), new("POST /explain", 8, inFlight));

    private Task<bool> Explain(ExplanationTurns turns, Admission places, double until) => turns.Run(
        places,
        () =>
        {
            clock.AdvanceTo(until);
            return Task.FromResult(true);
        },
        TestContext.Current.CancellationToken);
}
