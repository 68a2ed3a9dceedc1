using Fovea.Api.Problems;

namespace Fovea.Api.Scheduling;

/// <summary>
/// The places of one model. A request takes a place when its body has arrived, and is refused at once if none is free. So the number of
/// waiting requests is bounded, and with it the time that they wait.
/// </summary>
/// <param name="model">The model's name, for messages.</param>
/// <param name="places">The requests that may be in flight, waiting ones included; at least 1.</param>
/// <param name="inFlight">The counter of the requests of all models.</param>
internal sealed class Admission(string model, int places, RequestsInFlight inFlight)
{
    // The estimate rises faster than it falls, since a client that returns too early is refused again.
    private const double WhenSlower = 0.5, WhenFaster = 0.05;

    private const double LeastSeconds = 1, MostSeconds = 60;

    private int taken;
    private double secondsPerImage;

    /// <summary>The requests in flight.</summary>
    public int Taken => Volatile.Read(ref taken);

    /// <summary>Refuses a request if no place is free now, without taking one, so that its body need not be read.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Overloaded"/>, with the time in which the requests in flight will be
    /// done.</exception>
    public void RefuseIfFull()
    {
        if (Volatile.Read(ref taken) >= places)
        {
            throw Full();
        }
    }

    /// <summary>Takes a place.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Overloaded"/>, with the time in which the requests in flight will be
    /// done.</exception>
    public void Enter()
    {
        if (Interlocked.Increment(ref taken) > places)
        {
            Interlocked.Decrement(ref taken);
            throw Full();
        }

        inFlight.Enter();
    }

    /// <summary>Gives the place back.</summary>
    public void Leave()
    {
        Interlocked.Decrement(ref taken);
        inFlight.Leave();
    }

    /// <summary>Updates the estimated speed of the model from a run.</summary>
    /// <param name="images">The number of images in the run, at least 1.</param>
    /// <param name="time">The time of the run, times the share of all processors that it used.</param>
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
