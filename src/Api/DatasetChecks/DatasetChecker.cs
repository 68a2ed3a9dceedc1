using System.Text;
using System.Text.Json;
using Fovea.Api.DatasetRepository;
using Fovea.Api.Jobs;
using Fovea.Api.Problems;
using Fovea.Api.Workers;
using Fovea.Models.Files;

namespace Fovea.Api.DatasetChecks;

// A request ─► kept answer? ─ yes ─► answer
//                  │ no
//                  ▼
//              check under way? ─ yes ─► waits for it
//                  │ no
//                  ▼
//              places left? ─ no ─► 429
//                  │ yes
//                  ▼
//              begins a check, which waits for its turn, runs the training program, and keeps the answer beside the images
//
// A check goes on when all clients that wait for it have gone, since its answer is kept. It ends when the service stops.

/// <summary>
/// Checks data sets with the training program's command <c>data check</c>, one at a time in a process of low priority. Data sets never
/// change, so each answer is kept in the data set's folder. Thread-safe.
/// </summary>
internal sealed class DatasetChecker(
    DatasetStore datasets, TrainingProcess training, FineTuningSettings settings, IHostApplicationLifetime lifetime)
{
    // The name of the file with the kept answer. Raise the number when the checks change, so that old answers are not used.
    private const string Kept = "health-1.json";

    private const int MostUnderWay = 16;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly Dictionary<string, Task<HealthReport>> underWay = [];
    private Task last = Task.CompletedTask;

    /// <summary>Returns the findings about a data set. The first call takes about a minute for 1,000 images.</summary>
    /// <param name="id">The data set.</param>
    /// <param name="stop">Ends the wait, not the check.</param>
    /// <exception cref="ServiceException">
    /// <see cref="ServiceError.UnknownDataset"/>; <see cref="ServiceError.Overloaded"/>: 16 data sets are being checked;
    /// <see cref="ServiceError.TrainingFailed"/>: the check failed; <see cref="ServiceError.Unavailable"/>: the service stops.
    /// </exception>
    public async Task<HealthReport> Report(string id, CancellationToken stop)
    {
        var dataset = datasets.Get(id);
        return Read(dataset) ?? await Begin(dataset).WaitAsync(stop);
    }

    private Task<HealthReport> Begin(UploadedDataset dataset)
    {
        lock (gate)
        {
            if (underWay.TryGetValue(dataset.Id, out var begun))
            {
                return begun;
            }

            if (underWay.Count >= MostUnderWay)
            {
                throw new ServiceException(
                    ServiceError.Overloaded,
                    $"{MostUnderWay} data sets are being checked, the most that are checked at the same time. Retry in "
                        + $"{Patience.TotalSeconds:N0} s.")
                { RetryAfter = Patience };
            }

            var before = last;
            var check = Task.Run(() => Check(dataset, before), CancellationToken.None);
            underWay.Add(dataset.Id, check);
            last = check;
            return check;
        }
    }

    // Waits until the previous check has ended or failed, and then checks the data set.
    private async Task<HealthReport> Check(UploadedDataset dataset, Task before)
    {
        var stopping = lifetime.ApplicationStopping;
        try
        {
            await Task.WhenAny(before).WaitAsync(stopping);

            // Another service that shares the folder may have checked the data set meanwhile.
            return Read(dataset) ?? Keep(dataset, await Run(dataset, stopping));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            throw new ServiceException(
                ServiceError.Unavailable, "The check of the data set has ended, because the service is shutting down. Retry later.");
        }
        finally
        {
            lock (gate)
            {
                underWay.Remove(dataset.Id);
            }
        }
    }

    private async Task<string> Run(UploadedDataset dataset, CancellationToken stopping)
    {
        var last = "";
        var (code, errors) = await training.Run(
            ["data", "check", dataset.Folder, "--json"],
            [Path.GetDirectoryName(dataset.Folder)!],
            settings.Threads,
            Remember,
            CancellationToken.None,
            stopping);
        return code == TrainingProcess.Done ? last
            : datasets.Find(dataset.Id) is null ? throw DatasetStore.Unknown(dataset.Id)
            : throw new ServiceException(
                ServiceError.TrainingFailed, $"The check of {dataset.Id} ended {TrainingProcess.Death(code, errors)}");

        ValueTask Remember(string line)
        {
            last = line;
            return ValueTask.CompletedTask;
        }
    }

    // Saves the answer in the data set's folder. If the data set was deleted meanwhile, throws and does not make the folder again.
    private HealthReport Keep(UploadedDataset dataset, string json)
    {
        var report = Parse(Encoding.UTF8.GetBytes(json));
        if (datasets.Find(dataset.Id) is null)
        {
            throw DatasetStore.Unknown(dataset.Id);
        }

        AtomicFile.Write(Path.Combine(dataset.Folder, Kept), stream => stream.Write(Encoding.UTF8.GetBytes(json)), isPrivate: true);
        return report;
    }

    private static HealthReport? Read(UploadedDataset dataset)
    {
        var kept = Path.Combine(dataset.Folder, Kept);
        return File.Exists(kept) ? Parse(File.ReadAllBytes(kept)) : null;
    }

    private static HealthReport Parse(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, DatasetCheckJson.Default.HealthReport)!.WithAddresses();
}
