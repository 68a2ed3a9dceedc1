using System.Diagnostics.Metrics;
using Fovea.Api.Telemetry;

namespace Fovea.Api.Tests.Telemetry;

public sealed class StageTimesTests
{
    [Fact]
    public void Every_time_is_recorded_under_its_labels_before_a_scrape()
    {
        const int Threads = 4, Each = 1_001;
        using var meter = new Meter("times");
        var times = new StageTimes(meter.CreateHistogram<double>("stages"));
        times.Add("decode", "lenet5", 100);
        var recorded = new Dictionary<string, (int Count, double Sum)>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter == meter)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, seconds, labels, _) =>
        {
            lock (recorded)
            {
                var key = string.Join(' ', labels.ToArray().Select(label => $"{label.Key}={label.Value}"));
                var (count, sum) = recorded.GetValueOrDefault(key);
                recorded[key] = (count + 1, sum + seconds);
            }
        });
        listener.Start();
        Parallel.For(0, Threads, thread =>
        {
            for (int i = 0; i < Each; i++)
            {
                times.Add("decode", $"model{thread % 2}", 0.5);
                times.Add("queue", $"model{thread % 2}", 0.25);
            }
        });
        Assert.NotEmpty(recorded);
        times.Record();

        // Times from before the listener was registered are not among them.
        const int Both = Threads / 2 * Each;
        var expected = new Dictionary<string, (int Count, double Sum)>
        {
            ["stage=decode model=model0"] = (Both, 0.5 * Both),
            ["stage=decode model=model1"] = (Both, 0.5 * Both),
            ["stage=queue model=model0"] = (Both, 0.25 * Both),
            ["stage=queue model=model1"] = (Both, 0.25 * Both),
        };
        Assert.Equal(expected.OrderBy(pair => pair.Key), recorded.OrderBy(pair => pair.Key));
        times.Record();
        Assert.Equal(2 * Threads * Each, recorded.Values.Sum(value => value.Count));
    }
}
