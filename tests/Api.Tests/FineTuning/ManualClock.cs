using Fovea.Models.Graphs;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>A clock that a test advances. Its timers fire during the advance. Not thread-safe.</summary>
internal sealed class ManualClock : TimeProvider
{
    private readonly List<Alarm> alarms = [];
    private TimeSpan now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => now.Ticks;

    /// <summary>Sets the clock to some seconds after its start, without timers, as if the process had been stopped in between.</summary>
    public void JumpTo(double seconds) => now = TimeSpan.FromSeconds(seconds);

    /// <summary>Sets the clock to some seconds after its start.</summary>
    public void AdvanceTo(double seconds)
    {
        JumpTo(seconds);
        foreach (var alarm in alarms.Where(alarm => alarm.Due <= now).ToArray())
        {
            alarm.Ring();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var alarm = new Alarm(this, () => callback(state));
        alarms.Add(alarm);
        alarm.Change(dueTime, period);
        return alarm;
    }

    private sealed class Alarm(ManualClock clock, Action ring) : ITimer
    {
        public TimeSpan? Due { get; private set; }

        public void Ring()
        {
            Due = null;
            ring();
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Due = dueTime == Timeout.InfiniteTimeSpan ? null : clock.now + dueTime;
            return true;
        }

        public void Dispose() => clock.alarms.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
