using Fovea.Models.Graphs;

namespace Fovea.Api.Workers;

/// <summary>
/// Finds items, such as jobs, whose mark (for a job, its heartbeat count) has not changed for some time. The time is measured by this
/// process's monotonic clock, so the clocks of other machines do not matter. Not thread-safe.
/// </summary>
/// <param name="patience">The time without a change after which <see cref="Look"/> returns an item.</param>
/// <param name="time">The clock.</param>
internal sealed class StandstillWatch(TimeSpan patience, TimeProvider time)
{
    private Dictionary<string, (string Mark, long Since)> seen = [];
    private long lastLook = time.GetTimestamp();

    /// <summary>
    /// Compares the marks of all items with those of earlier calls. An absent item is forgotten. If more than half the patience has passed
    /// since the last call, all items are forgotten, because marks could perhaps not change in that time, for example while the database
    /// could not be reached.
    /// </summary>
    /// <param name="things">The id and the mark of each item.</param>
    /// <returns>The ids of the items that had the same mark in all calls for at least the patience.</returns>
    public IReadOnlyList<string> Look(IEnumerable<(string Id, string Mark)> things)
    {
        long now = time.GetTimestamp();
        var before = time.GetElapsedTime(lastLook, now) > patience / 2 ? [] : seen;
        lastLook = now;
        seen = things.ToDictionary(thing => thing.Id, thing => before.TryGetValue(thing.Id, out var known) && known.Mark == thing.Mark
            ? known
            : (thing.Mark, now));
        return [.. seen.Where(thing => time.GetElapsedTime(thing.Value.Since, now) >= patience).Select(thing => thing.Key)];
    }
}
