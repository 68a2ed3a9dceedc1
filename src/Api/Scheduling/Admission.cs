using System.Diagnostics;
using Fovea.Api.Problems;

namespace Fovea.Api.Scheduling;

/// <summary>
/// Limits the requests in flight of one model. A request takes a place when its body has arrived, and is refused at once if all places are
/// taken. This bounds the number of waiting requests and so the time that each waits.
/// </summary>
/// <param name="model">The model's name, for messages.</param>
/// <param name="places">The largest number of requests in flight, including requests that wait for a run; at least 1.</param>
/// <param name="inFlight">The counter of the requests of all models.</param>
internal sealed class Admission(string model, int places, RequestsInFlight inFlight)
{
    // The weights of a new run in the estimated time per image. The estimate rises faster than it falls, because a client that retries too
    // early is refused again.
    private const double WhenSlower = 0.5, WhenFaster = 0.05;

    private const double LeastSeconds = 1, MostSeconds = 60;

    // Clients that send side by side have moments with a single request in flight, but seldom this long without two.
    private static readonly TimeSpan SharedFor = TimeSpan.FromMilliseconds(10);

    private int taken;
    private long lastShared;
    private double secondsPerImage;

    /// <summary>The number of requests in flight.</summary>
    public int Taken => Volatile.Read(ref taken);

    /// <summary>
    /// Whether a single request is in flight, and no two were in flight at the same time in the last 10 ms: its client is probably the only
    /// one.
    /// </summary>
    public bool HasLoneRequest => Taken == 1 && Stopwatch.GetElapsedTime(Volatile.Read(ref lastShared)) > SharedFor;

    /// <summary>Refuses a request if no place is free now, and takes no place. Called before the request's body is read.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Overloaded"/>, with the estimated time until the requests in flight are
    /// answered.</exception>
    public void RefuseIfFull()
    {
        if (Volatile.Read(ref taken) >= places)
        {
            throw Full();
        }
    }

    /// <summary>Takes a place.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Overloaded"/>, with the estimated time until the requests in flight are
    /// answered.</exception>
    public void Enter()
    {
        int now = Interlocked.Increment(ref taken);
        if (now > places)
        {
            Interlocked.Decrement(ref taken);
            throw Full();
        }

        if (now > 1)
        {
            Volatile.Write(ref lastShared, Stopwatch.GetTimestamp());
        }

        inFlight.Enter();
    }

    /// <summary>Gives the place back.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref taken) > 0)
        {
            Volatile.Write(ref lastShared, Stopwatch.GetTimestamp());
        }

        inFlight.Leave();
    }

    /// <summary>Updates the estimated time per image from a run.</summary>
    /// <param name="images">The number of images in the run, at least 1.</param>
    /// <param name="time">The duration of the run, multiplied by the share of all processors that the run used, above 0 to 1.</param>
    public void Ran(int images, TimeSpan time)
    {
        double now = time.TotalSeconds / images, before = secondsPerImage;
        Volatile.Write(ref secondsPerImage, before == 0 ? now : before + ((now > before ? WhenSlower : WhenFaster) * (now - before)));
    }

    private ServiceException Full()
    {
        var wait = TimeSpan.FromSeconds(Math.Ceiling(Math.Clamp(places * Volatile.Read(ref secondsPerImage), LeastSeconds, MostSeconds)));
        return new(ServiceError.Overloaded, $"{model} is at capacity ({places:N0} requests in flight). Retry in {wait.TotalSeconds:N0} s.")
        {
            RetryAfter = wait,
        };
    }
}
