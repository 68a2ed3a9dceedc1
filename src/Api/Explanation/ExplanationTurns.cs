using Fovea.Api.Scheduling;

namespace Fovea.Api.Explanation;

/// <summary>
/// Lets explanations run one after the other, each on one core. While requests to classify are in flight, the service rests after each
/// explanation, so that explanations get at most a third of the time of one core.
/// </summary>
internal sealed class ExplanationTurns(RequestsInFlight inFlight, TimeProvider time) : IDisposable
{
    // The rest after an explanation, as a multiple of the explanation's duration.
    private const double Rest = 2;

    // The longest rest. The first explanation of a model also opens a session, which can take seconds.
    private static readonly TimeSpan MostRest = TimeSpan.FromSeconds(3);

    // The time between two looks at the requests in flight during a rest.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly SemaphoreSlim turn = new(1);
    private TimeSpan rest;
    private long lastEnd = time.GetTimestamp();

    /// <summary>
    /// Waits for the turn, and for the end of the rest while requests to classify are in flight. Then runs the explanation.
    /// </summary>
    /// <param name="places">The limit of explanations. Its requests are in flight too, but are no requests to classify.</param>
    /// <param name="explain">Computes the explanation.</param>
    /// <param name="stop">Cancels the waiting.</param>
    public async Task<T> Run<T>(Admission places, Func<Task<T>> explain, CancellationToken stop)
    {
        await turn.WaitAsync(stop);
        try
        {
            while (time.GetElapsedTime(lastEnd) < rest && inFlight.Count > places.Taken)
            {
                await Task.Delay(Look, time, stop);
            }

            long start = time.GetTimestamp();
            try
            {
                return await explain();
            }
            finally
            {
                lastEnd = time.GetTimestamp();
                rest = TimeSpan.FromTicks(Math.Min(MostRest.Ticks, (long)(Rest * time.GetElapsedTime(start).Ticks)));
            }
        }
        finally
        {
            turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();
}
