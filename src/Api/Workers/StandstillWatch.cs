using Fovea.Models.Graphs;

namespace Fovea.Api.Workers;

/// <summary>
/// Finds things whose mark has not changed for some time. It looks at them again and again, and measures by this process's monotonic clock
/// alone, so the clocks of other machines play no part. Not safe for several threads.
/// </summary>
/// <param name="patience">The time without a change after which a thing stands still.</param>
/// <param name="time">The clock.</param>
internal sealed class StandstillWatch(TimeSpan patience, TimeProvider time)
{
    private Dictionary<string, (string Mark, long Since)> seen = [];
    private long lastLook = time.GetTimestamp();

    /// <summary>
    /// Looks at all things. A thing that is absent is forgotten. After a gap of more than half the patience between two looks, everything
    /// is forgotten: changes may have been impossible in the gap, as when the database was away.
    /// </summary>
    /// <param name="things">Each thing's id and mark.</param>
    /// <returns>The ids of the things that have had the same mark, at all looks, for at least the patience.</returns>
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
