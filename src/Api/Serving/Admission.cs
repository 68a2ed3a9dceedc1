using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// The places of one model. A request takes one once its body is there, and is refused at once where none is free. So the number of
/// requests that wait is bounded, and with it the time that they wait.
/// </summary>
/// <param name="model">The model's name, for messages.</param>
/// <param name="places">The requests that may be in flight, waiting ones included; at least 1.</param>
/// <param name="inFlight">Counts the requests of all models.</param>
internal sealed class Admission(string model, int places, RequestsInFlight inFlight)
{
    // Slower runs count for more: a client that comes back too early is refused once more.
    private const double WhenSlower = 0.5, WhenFaster = 0.05;

    private const double LeastSeconds = 1, MostSeconds = 60;

    private int taken;
    private double secondsPerImage;

    /// <summary>The requests in flight.</summary>
    public int Taken => Volatile.Read(ref taken);

    /// <summary>Refuses a request where no place is free now, without taking one: its body need not be read.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.Overloaded"/>, with the time in which the requests in flight will be
    /// done.</exception>
    public void RefuseIfFull()
    {
        if (Volatile.Read(ref taken) >= places)
        {
            throw Full();
        }
    }

    /// <summary>Takes a place.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.Overloaded"/>, with the time in which the requests in flight will be
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

    /// <summary>Learns from a run how fast the model is.</summary>
    /// <param name="images">The images in it, at least 1.</param>
    /// <param name="time">How long it took, times the share of all processors that it used.</param>
    public void Ran(int images, TimeSpan time)
    {
        double now = time.TotalSeconds / images, before = secondsPerImage;
        Volatile.Write(ref secondsPerImage, before == 0 ? now : before + ((now > before ? WhenSlower : WhenFaster) * (now - before)));
    }

    private FoveaException Full()
    {
        var wait = TimeSpan.FromSeconds(Math.Ceiling(Math.Clamp(places * Volatile.Read(ref secondsPerImage), LeastSeconds, MostSeconds)));
        return new(ErrorCode.Overloaded, $"{model} is at capacity ({places:N0} requests in flight). Retry in {wait.TotalSeconds:N0} s.")
        {
            RetryAfter = wait,
        };
    }
}
