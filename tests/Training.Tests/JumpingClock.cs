namespace Fovea.Training.Tests;

/// <summary>A clock that only moves when a test moves it.</summary>
internal sealed class JumpingClock : TimeProvider
{
    private long now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => now;

    /// <summary>Moves the clock ahead.</summary>
    public void Jump(TimeSpan ahead) => now += ahead.Ticks;
}
