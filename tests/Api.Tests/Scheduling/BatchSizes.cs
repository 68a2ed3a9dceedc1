using System.Diagnostics.Metrics;

namespace Fovea.Api.Tests.Scheduling;

/// <summary>Collects the number of images of each run from the metrics of a service.</summary>
internal static class BatchSizes
{
    /// <summary>Adds each run's number of images to the list, until the returned listener is disposed of.</summary>
    /// <param name="factory">The factory whose meter the service uses.</param>
    /// <param name="runs">The list, which is locked while a number is added.</param>
    public static MeterListener Listen(IMeterFactory factory, List<int> runs)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "fovea.batch.size" && instrument.Meter.Scope == factory)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<int>((_, size, _, _) =>
        {
            lock (runs)
            {
                runs.Add(size);
            }
        });
        listener.Start();
        return listener;
    }
}
