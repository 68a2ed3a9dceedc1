using System.Diagnostics;
using System.Globalization;
using Fovea.Api.Hosting;
using Fovea.Api.ModelRepository;
using Fovea.Api.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Fovea.Benchmarks.Serving;

/// <summary>
/// Measures the cost of metrics per request. The service runs under load in this process, and a listener reads its meters in every other
/// tenth of a second. Two processes of the same build would differ by more than the cost, since each compiles and lays out its code anew.
/// </summary>
internal static class MetricsCost
{
    private const int Rounds = 4, RoundSeconds = 50, PairsInRound = 180;

    // The meter of the OpenTelemetry SDK itself.
    private const string Switch = "OTEL_SDK_DISABLED";

    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(100), Settling = TimeSpan.FromMilliseconds(20);

    public static async Task Run(BenchmarkModels models)
    {
        // The service's own provider listens to no meter; only the providers below do.
        Environment.SetEnvironmentVariable(Switch, "true");
        await using var app = Service.Build(
            ["--urls=http://127.0.0.1:0", $"--Fovea:ModelRepository={models.Repository("lenet5")}", $"--Fovea:Data={models.Data}"]);
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
                // The two ways take turns in going first.
                var first = await Rate(listens: pair % 2 == 0);
                var second = await Rate(listens: pair % 2 != 0);
                var (listened, silent) = pair % 2 == 0 ? (first, second) : (second, first);
                (with, without) = (with + listened, without + silent);
                ratios.Add(listened / silent);
            }

            await load;
        }

        ratios.Sort();
        double mean = ratios.Average();
        double error = Math.Sqrt(ratios.Sum(ratio => (ratio - mean) * (ratio - mean)) / ratios.Count / (ratios.Count - 1));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"lenet5, 28x28 PNG, 16 clients, with and without metrics in one process, {ratios.Count} pairs of {Slice.TotalSeconds} s, "
                + $"means: {with / ratios.Count:F0} and {without / ratios.Count:F0} requests/s; ratio {with / without:F3}, median of the "
                    + $"pairs {ratios[ratios.Count / 2]:F3}, standard error {error:F3}"));

        async Task<double> Rate(bool listens)
        {
            // The SDK is set up in both ways. The view lowers its cardinality limit: memory for the default of 2,000 series per instrument
            // would be collected as garbage during the measurement.
            using var sdk = Listen(Sdk.CreateMeterProviderBuilder(), listens)
                .AddView(_ => new MetricStreamConfiguration { CardinalityLimit = 50 })
                .AddReader(new BaseExportingMetricReader(new Nowhere())).Build();
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

    private static Task<double> Load(Uri address) =>
        Task.Factory.StartNew(
            () => ServiceProcess.Wrk(address, BenchmarkModels.Digit, clients: 16, RoundSeconds), TaskCreationOptions.LongRunning);

    // An exporter that discards everything. Metrics are recorded as for Prometheus, but nobody reads them.
    private sealed class Nowhere : BaseExporter<Metric>
    {
        public override ExportResult Export(in Batch<Metric> batch) => ExportResult.Success;
    }
}
