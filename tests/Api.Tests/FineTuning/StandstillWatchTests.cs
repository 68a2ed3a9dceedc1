using Fovea.Api.Workers;

namespace Fovea.Api.Tests.FineTuning;

public sealed class StandstillWatchTests
{
    // Observations of one item with a patience of 10 s: each has the seconds since the first one and the item's mark, or - if the item is
    // absent. The last column lists the observations, counted from 0, at which the item stands still.
    public static TheoryData<string, string, int[]> Looks => new()
    {
        { "stands still after the patience, and stays so", "0a 4a 8a 10a 14a", [3, 4] },
        { "one change begins the time anew", "0a 4a 8b 12b 16b 18b", [5] },
        { "a change back is a change", "0a 4b 8a 12a 16a 18a", [5] },
        { "changes all the time", "0a 4b 8c 12d 16e 20f", [] },
        { "changes just in time", "0a 4a 9b 13b 18c 22c 27d", [] },
        { "a gap of more than half the patience begins the time anew", "0a 4a 10a 14a 18a 20a", [5] },
        { "a gap of half the patience does not", "0a 5a 10a", [2] },
        { "a long outage does not count as standing still", "0a 60a", [] },
        { "an absent item is forgotten", "0a 4a 8- 12a 16a 20a 22a", [6] },
    };

    [Theory, MemberData(nameof(Looks))]
    public void Item_without_a_change_during_the_patience_stands_still(string what, string looks, int[] expected)
    {
        var clock = new Clock();
        var watch = new StandstillWatch(TimeSpan.FromSeconds(10), clock);
        List<int> still = [];
        foreach (var (look, number) in looks.Split(' ').Select((look, number) => (look, number)))
        {
            clock.Seconds = int.Parse(look[..^1], null);
            if (watch.Look(look[^1] == '-' ? [] : [("thing", look[^1..])]) is not [])
            {
                still.Add(number);
            }
        }

        Assert.True(expected.SequenceEqual(still), $"{what}: {looks}: {string.Join(", ", still)}");
    }

    [Fact]
    public void Items_are_watched_independently()
    {
        var clock = new Clock();
        var watch = new StandstillWatch(TimeSpan.FromSeconds(10), clock);
        for (; clock.Seconds < 10; clock.Seconds += 2)
        {
            Assert.Empty(watch.Look([("still", "a"), ("moving", $"{clock.Seconds}")]));
        }

        Assert.Equal(["still"], watch.Look([("still", "a"), ("moving", "10"), ("new", "a")]));
    }

    // The time of day of this clock goes back by an hour each second, which must not matter.
    private sealed class Clock : TimeProvider
    {
        public int Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddYears(50).AddHours(-Seconds);
    }
}
