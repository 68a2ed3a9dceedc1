using System.Diagnostics;
using System.Globalization;
using Fovea.Api;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Fovea.Benchmarks;

/// <summary>
/// What metrics cost a request: the service under load in this process, in which somebody listens to its meters in every other tenth of a second. Two
/// processes of one build differ by more than that, since each compiles and lays out its code anew.
/// </summary>
internal static class MetricsCost
{
    private const int Rounds = 4, RoundSeconds = 50, PairsInRound = 180;

    // The OpenTelemetry SDK's own.
    private const string Switch = "OTEL_SDK_DISABLED";

    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(100), Settling = TimeSpan.FromMilliseconds(20);

    public static async Task Run(Models models)
    {
        // The service's own provider listens to nothing; those made below do.
        Environment.SetEnvironmentVariable(Switch, "true");
        await using var app = Service.Build(["--urls=http://127.0.0.1:0", $"--Fovea:ModelRepository={models.Repository("lenet5")}", $"--Fovea:Data={models.Data}"]);
        await app.StartAsync();
        Environment.SetEnvironmentVariable(Switch, null);
        var address = new Uri(new Uri(app.Urls.Single()), "/classify/lenet5");
        var service = app.Services.GetRequiredService<ModelStore>().Find("lenet5");
        await Task.Delay(TimeSpan.FromSeconds(2));
        await Load(address);

        double with = 0, without = 0;
        var ratios = new List<double>();
        for (int round = 0; round < Rounds; round++)
        {
            var load = Load(address);
            await Task.Delay(TimeSpan.FromSeconds(1));
            for (int pair = 0; pair < PairsInRound; pair++)
            {
                // Which goes first takes turns.
                var first = await Rate(listens: pair % 2 == 0);
                var second = await Rate(listens: pair % 2 != 0);
                var (listened, silent) = pair % 2 == 0 ? (first, second) : (second, first);
                (with, without) = (with + listened, without + silent);
                ratios.Add(listened / silent);
            }

            await load;
        }

        ratios.Sort();
        double mean = ratios.Average(), error = Math.Sqrt(ratios.Sum(ratio => (ratio - mean) * (ratio - mean)) / ratios.Count / (ratios.Count - 1));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"lenet5, 28x28 PNG, 16 clients, with and without metrics in one process, {ratios.Count} pairs of {Slice.TotalSeconds} s, means: {with / ratios.Count:F0} and {without / ratios.Count:F0} requests/s; ratio {with / without:F3}, median of the pairs {ratios[ratios.Count / 2]:F3}, standard error {error:F3}"));

        async Task<double> Rate(bool listens)
        {
            // Either way the SDK is set up; what it holds for the cardinality that it allows by itself, 2,000 for each instrument, would be collected as garbage meanwhile.
            using var sdk = Listen(Sdk.CreateMeterProviderBuilder(), listens).AddView(_ => new MetricStreamConfiguration { CardinalityLimit = 50 }).AddReader(new BaseExportingMetricReader(new Nowhere())).Build();
            await Task.Delay(Settling);
            var (start, before) = (Stopwatch.GetTimestamp(), Answered());
            await Task.Delay(Slice);
            return (Answered() - before) / Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        long Answered()
        {
            using var lease = service.Serve();
            return lease.Model.Statistics.Read("lenet5", "1").InferenceCount;
        }
    }

    private static MeterProviderBuilder Listen(MeterProviderBuilder sdk, bool listens) => listens ? sdk.AddServiceMeters() : sdk;

    private static Task<double> Load(Uri address) => Task.Factory.StartNew(() => ServiceProcess.Wrk(address, Models.Digit, clients: 16, RoundSeconds), TaskCreationOptions.LongRunning);

    // Metrics are recorded as for Prometheus, and read by nobody.
    private sealed class Nowhere : BaseExporter<Metric>
    {
        public override ExportResult Export(in Batch<Metric> batch) => ExportResult.Success;
    }
}
