using System.Threading.Channels;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// Puts loaded models to work. A model answers at once, one image at a time; in the background, one model after the other, it is found out which
/// batch sizes are worth running.
/// </summary>
internal sealed class ServingEngine(ServingSettings settings, BatchSizes sizes, Metrics metrics, ILogger<ServingEngine> log) : BackgroundService
{
    private readonly Channel<ServedModel> unmeasured = Channel.CreateUnbounded<ServedModel>();

    /// <summary>Serves a model.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="version">Its version, from 1.</param>
    /// <param name="classifier">What was loaded; it now belongs to what is returned.</param>
    public ServedModel Serve(string name, int version, Classifier classifier)
    {
        var served = new ServedModel(name, version, classifier, settings.MaxQueue, metrics);
        metrics.Watch(served);
        unmeasured.Writer.TryWrite(served);
        return served;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var served in unmeasured.Reader.ReadAllAsync(stoppingToken))
        {
            using var lease = served.TryLease();
            if (lease is null)
            {
                continue;
            }

            try
            {
                served.Sizes = await sizes.Find(served, stoppingToken);
                await served.Batcher.Use(Sizes(served), Pace.Of(served.Sizes));
                served.Classifier.FreeReplaced();
                ProcessMemory.Trim();
                log.BatchSizesFound(served.Name, served.Version, string.Join(", ", served.Sizes));
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // It goes on answering one image at a time.
                log.BatchSizesUnknown(e, served.Name, served.Version);
            }
        }
    }

    // One batch holds enough for all lanes: it is divided among them.
    private int[] Sizes(ServedModel served)
    {
        int[] sizes = [.. served.Sizes.Select(size => size.Size)];
        int together = served.Classifier.FixedBatch is null ? Math.Min(sizes.Max() * served.Classifier.Lanes, settings.MaxBatch) : 0;
        return [.. sizes.Append(Math.Max(together, sizes.Max())).Distinct()];
    }
}

/// <summary>Registers what serves.</summary>
internal static class ServingSetup
{
    public static void AddServing(this IServiceCollection services) => services
        .AddSingleton<DecodingBudget>().AddSingleton<BatchSizes>().AddSingleton<SizesFile>().AddSingleton<ServingEngine>()
        .AddHostedService(provider => provider.GetRequiredService<ServingEngine>());
}
