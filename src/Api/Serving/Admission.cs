using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// The places of one model: a request takes one before its body is read, and is refused at once where none is free. What waits is bounded, and so
/// is how long it waits.
/// </summary>
/// <param name="model">The model's name, for messages.</param>
/// <param name="places">The requests that may be under way, waiting ones included; at least 1.</param>
/// <param name="inFlight">Counts the requests of all models.</param>
internal sealed class Admission(string model, int places, RequestsInFlight inFlight)
{
    // Slower runs count for more: who comes back too early is refused once more.
    private const double WhenSlower = 0.5, WhenFaster = 0.05;

    private const double LeastSeconds = 1, MostSeconds = 60;

    private int taken;
    private double secondsPerImage;

    /// <summary>The requests under way.</summary>
    public int Taken => Volatile.Read(ref taken);

    /// <summary>Takes a place.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.Overloaded"/>, with the time in which those before it will be done.</exception>
    public void Enter()
    {
        if (Interlocked.Increment(ref taken) > places)
        {
            Interlocked.Decrement(ref taken);
            var wait = TimeSpan.FromSeconds(Math.Ceiling(Math.Clamp(places * Volatile.Read(ref secondsPerImage), LeastSeconds, MostSeconds)));
            throw new FoveaException(ErrorCode.Overloaded, $"{model} has {places:N0} requests under way, as many as it takes; expected to be asked again in {wait.TotalSeconds:N0} s.") { RetryAfter = wait };
        }

        inFlight.Enter();
    }

    /// <summary>Gives the place back.</summary>
    public void Leave()
    {
        Interlocked.Decrement(ref taken);
        inFlight.Leave();
    }

    /// <summary>Learns how fast the model is from a run, and the share of all processors' time that it took.</summary>
    public void Ran(int images, TimeSpan time)
    {
        double now = time.TotalSeconds / images, before = secondsPerImage;
        Volatile.Write(ref secondsPerImage, before == 0 ? now : before + ((now > before ? WhenSlower : WhenFaster) * (now - before)));
    }
}
