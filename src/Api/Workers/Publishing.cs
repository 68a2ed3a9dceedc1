using Fovea.Api.AuditTrail;
using Fovea.Api.DatasetRepository;
using Fovea.Api.Jobs;
using Fovea.Api.ModelRepository;
using Fovea.Api.Problems;
using Fovea.Api.Storage;
using Fovea.Models.Errors;
using Microsoft.EntityFrameworkCore;

namespace Fovea.Api.Workers;

/// <summary>
/// Adds a job's trained model to the model repository, exactly once. Each decision is saved in the database before it is carried out, so
/// the same steps can be repeated after an interruption.
/// </summary>
internal sealed class Publishing(
    JobStore store, ModelStore models, ModelAdministration administration, IncumbentComparison incumbents, AuditLog audit, DiskWatch disk,
    TimeProvider time)
{
    /// <summary>
    /// Compares the trained model with the version that serves, adds it to the repository as a version, and ends the job. Immediately
    /// before the version is added, the database and the clock must still say that this worker holds the job. The audit trail lists the
    /// version after the job's end is saved, so it lists none twice; if the process is killed in between, the trail lacks the version, but
    /// the job's events have it.
    /// </summary>
    /// <exception cref="RefusalException">The trained model cannot be added.</exception>
    /// <exception cref="OperationCanceledException">The worker no longer holds the job, or the job is paused.</exception>
    public async Task Publish(HeldJob job, JobFolder folder, UploadedDataset dataset, LeaseTerm term, CancellationToken serviceStops)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(serviceStops, term.Over);
        var stop = end.Token;
        while (true)
        {
            if (job.Now.Version is null)
            {
                await Decide(job, folder, dataset, stop);
            }

            var (model, version, publish) = (job.Now.FineTunedModel, job.Now.Version!.Value, job.Now.Published);
            await job.RequireRunning();
            if (await administration.Add(model, version, folder.Model, publish, new(job.RequireRunning, term.RequireHeld), stop))
            {
                var rollback = version > 1 ? $" POST /models/{model}/rollback goes back to the previous version." : "";
                await job.Advance(now => now.Succeed(publish
                    ? $"{model} version {version} is published.{rollback}"
                    : $"{model} version {version} is added, not published. POST /models/{model}/versions/{version}/publish publishes it."));
                audit.Record(
                    job.Now.Id,
                    publish ? "POST" : "PUT",
                    $"/models/{model}/versions/{version}{(publish ? "/publish" : "")}",
                    publish ? StatusCodes.Status200OK : StatusCodes.Status201Created,
                    Environment.MachineName);
                return;
            }

            // Another version has taken the number since it was chosen, so the next round chooses a new number.
            await job.Advance(now => now.Version = null);
        }
    }

    private async Task Decide(HeldJob job, JobFolder folder, UploadedDataset dataset, CancellationToken stop)
    {
        var name = job.Now.FineTunedModel;
        long began = time.GetTimestamp();
        var there = ModelFolder.Read(models.PathOf(name));
        if (there.Versions is [.., var last] && !IncumbentComparison.HasClassesOf(dataset, last))
        {
            throw new ServiceException(
                ServiceError.Conflict,
                $"A model {name} exists with other classes than those of the data set: "
                    + $"{string.Join(", ", dataset.Classes.Select(c => c.Label))}; expected a job with another suffix.");
        }

        var verdict = await incumbents.Compare(job, folder, dataset, there.Serving, stop);
        disk.RequireSince(began);
        bool publish = job.Now.PublishesItself && verdict.IsPublishable;
        while (true)
        {
            int inRepository = there.Versions is [.., var highest] ? highest.Number : 0;
            int version = Math.Max(inRepository, await store.HighestVersion(name, stop)) + 1;
            try
            {
                await job.Advance(now =>
                {
                    (now.Version, now.Published) = (version, publish);
                    now.Tell(verdict.Reason, metrics: verdict.Figures);
                });
                return;
            }
            catch (DbUpdateException e) when (StateDatabase.IsTaken(e))
            {
                // Another job has chosen the same version number at the same time, so the next round chooses a higher one.
            }
        }
    }
}
