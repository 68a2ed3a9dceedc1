using System.Diagnostics;

namespace Fovea.Api;

/// <summary>The spans of a request's stages; they cost nothing where nobody collects them.</summary>
internal static class Traces
{
    /// <summary>The name under which they are collected.</summary>
    public const string Name = "Fovea";

    private static readonly ActivitySource Source = new(Name);

    /// <summary>Adds a stage that is over to a request that is being traced.</summary>
    /// <param name="stage">Its name.</param>
    /// <param name="model">The model that was asked.</param>
    /// <param name="request">The request's span; nothing is added to none.</param>
    /// <param name="start">A timestamp of <see cref="Stopwatch"/>.</param>
    /// <param name="end">Another.</param>
    public static void Add(string stage, string model, ActivityContext request, long start, long end)
    {
        if (request == default || !Source.HasListeners())
        {
            return;
        }

        var (clock, ticks) = (DateTimeOffset.UtcNow, Stopwatch.GetTimestamp());
        using var span = Source.StartActivity(ActivityKind.Internal, request, [new("model", model)], startTime: clock - Stopwatch.GetElapsedTime(start, ticks), name: stage);
        span?.SetEndTime((clock - Stopwatch.GetElapsedTime(end, ticks)).UtcDateTime);
    }
}
