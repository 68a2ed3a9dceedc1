using System.Diagnostics;

namespace Fovea.Api.Telemetry;

/// <summary>Makes the trace spans of a request's stages. If traces are not exported, it does nothing.</summary>
internal static class Traces
{
    /// <summary>The name of the activity source.</summary>
    public const string Name = "Fovea";

    private static readonly ActivitySource Source = new(Name);

    /// <summary>Adds a span for a finished stage to the trace of a request.</summary>
    /// <param name="stage">The stage's name.</param>
    /// <param name="model">The name of the model that the request uses.</param>
    /// <param name="request">The span of the request. If it is the default value, no span is added.</param>
    /// <param name="start">The <see cref="Stopwatch"/> timestamp of the stage's start.</param>
    /// <param name="end">The <see cref="Stopwatch"/> timestamp of the stage's end.</param>
    public static void Add(string stage, string model, ActivityContext request, long start, long end)
    {
        if (request == default || !Source.HasListeners())
        {
            return;
        }

        var (clock, ticks) = (TimeProvider.System.GetUtcNow(), Stopwatch.GetTimestamp());
        using var span = Source.StartActivity(
            ActivityKind.Internal,
            request,
            [new("model", model)],
            startTime: clock - Stopwatch.GetElapsedTime(start, ticks),
            name: stage);
        span?.SetEndTime((clock - Stopwatch.GetElapsedTime(end, ticks)).UtcDateTime);
    }
}
