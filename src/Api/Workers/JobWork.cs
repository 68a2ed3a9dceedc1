using System.Globalization;
using Fovea.Api.Configuration;
using Fovea.Api.DatasetRepository;
using Fovea.Api.Jobs;
using Fovea.Api.ModelRepository;
using Fovea.Api.Problems;
using Fovea.Api.Storage;
using Fovea.Api.Telemetry;
using Fovea.Models.Errors;

namespace Fovea.Api.Workers;

/// <summary>
/// Runs a job: trains, evaluates and publishes its model. The process may be killed at any moment. The next worker then continues from the
/// files on the disk and the job's row in the database, so each step may run twice.
/// </summary>
internal sealed class JobWork(
    DatasetStore datasets, ModelStore models, Settings settings, FineTuningSettings fineTuning, TrainingProcess training,
    Publishing publishing, DiskWatch disk, PrivatePaths paths, TimeProvider time, ILogger<JobWork> log)
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);

    /// <summary>Runs a job until it has ended, or until this worker must stop.</summary>
    /// <param name="job">The job.</param>
    /// <param name="lease">This worker's lease of the job.</param>
    /// <param name="stop">Cancelled when the service stops: training saves a checkpoint, and the job goes back into the queue.</param>
    /// <exception cref="OperationCanceledException">The job was paused, cancelled, or taken over by another worker.</exception>
    public async Task RunToTheEnd(HeldJob job, JobLease lease, CancellationToken stop)
    {
        try
        {
            await WorkThroughOutages(job, lease, stop);
        }
        catch (RefusalException e)
        {
            await job.Advance(now => now.Fail(Problem.Of(e).Code, paths.RemoveFrom(e.Message)));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await job.Change(now => now.Release("The service is stopping. The job goes on from its last checkpoint."));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.JobFaulted(e, job.Now.Id);
            var problem = Problem.Of(ServiceError.Internal, "An error in the service ended this job; the service's log has the cause.");
            await job.Advance(now => now.Fail(problem.Code, problem.Detail));
        }
    }

    private async Task WorkThroughOutages(HeldJob job, JobLease lease, CancellationToken stop)
    {
        for (var term = lease.Term; ;)
        {
            long began = time.GetTimestamp();
            try
            {
                await Work(job, term, stop);
                return;
            }
            catch (Exception e) when (!term.Fading.IsCancellationRequested && StateDatabase.IsAway(e))
            {
                // The lease is still valid, so the work is tried again. Steps that are done are not repeated. While the service stops,
                // the delay throws at once, and the job is released instead of failing.
                await Task.Delay(BetweenTries, time, stop);
            }
            catch (Exception e) when (e is not OperationCanceledException && disk.WasMissingSince(began))
            {
                // The missing folder is the cause, whatever the error says. The next round waits until the folder is back.
                await Task.Delay(BetweenTries, time, stop);
            }
            catch (Exception e) when (term.Fading.IsCancellationRequested
                && (StateDatabase.IsAway(e) || (e is OperationCanceledException && !stop.IsCancellationRequested)))
            {
                long left = time.GetTimestamp();
                term = await term.Next.WaitAsync(stop);
                double gap = time.GetElapsedTime(left).TotalSeconds;
                await job.Change(now => now.Tell(
                    $"The database could not be reached, so the job stopped for {gap:F0} s. It goes on from the last checkpoint.",
                    JobEvent.Warning,
                    new() { Seconds = Math.Round(gap) }));
            }
        }
    }

    // Waits for the folders of the data and the models. Meanwhile the lease is renewed, so no other worker takes the job.
    private async Task UntilReachable(HeldJob job, CancellationToken pause)
    {
        if (disk.Missing() is not { } folder)
        {
            return;
        }

        await job.Advance(now => now.Tell($"The folder of {folder} cannot be reached. The job waits for it.", JobEvent.Warning));
        while (disk.Missing() is not null)
        {
            await Task.Delay(BetweenTries, time, pause);
        }

        await job.Advance(now => now.Tell($"The folder of {folder} can be reached again. The job goes on from its last checkpoint."));
    }

    private async Task Work(HeldJob job, LeaseTerm term, CancellationToken stop)
    {
        await job.RequireRunning();
        using var pause = CancellationTokenSource.CreateLinkedTokenSource(stop, term.Fading);
        await UntilReachable(job, pause.Token);
        var folder = JobFolder.Take(settings, job.Now.Id, job.Now.Fence);
        var dataset = datasets.Find(job.Now.Dataset) ?? throw new FoveaException(
            ErrorCode.BadDataset,
            $"The data set {job.Now.Dataset} was deleted before the job ended. Start a new job with another data set.");
        if (!job.Now.StartsFromPretrained)
        {
            folder.CopyBase(models.PathOf(job.Now.Model), job.Now.BaseVersion, time);
        }

        var told = await job.Messages(TrainingProgress.EpochBeginning, pause.Token);
        if (folder.IsTrained)
        {
            // Training may have ended while its worker stood still, and the worker then lost the job.
            await new TrainingProgress(job, told, paths, time).CatchUp(folder.ReportedEpochs());
        }
        else
        {
            await Train(job, folder, dataset, told, pause.Token, term.Over);
        }

        await publishing.Publish(job, folder, dataset, term, stop);
    }

    private async Task Train(
        HeldJob job, JobFolder folder, UploadedDataset dataset, HashSet<string> told, CancellationToken pause, CancellationToken kill)
    {
        for (int deaths = 1; ; deaths++)
        {
            long began = time.GetTimestamp();
            var progress = new TrainingProgress(job, told, paths, time);
            var arguments = Arguments(job.Now, folder, dataset);
            disk.RequireSince(began);
            var (code, errors) = await training.Run(
                arguments, [folder.Attempt, settings.Data], job.Now.Threads, progress.Read, pause, kill);
            if (progress.HasLeftOut && disk.WasMissingSince(began))
            {
                // The images may have been left out only because their disk was gone.
                await UntilReachable(job, pause);
                folder.DeleteTraining();
                disk.RequireSince(began);
            }

            if (code == TrainingProcess.Done)
            {
                return;
            }

            pause.ThrowIfCancellationRequested();
            disk.RequireSince(began);
            if (code == TrainingProcess.Refused)
            {
                // A checkpoint of an earlier release may have other settings than this release chooses. The training program refuses it
                // before it begins; after that, a checkpoint is never the reason.
                if (!folder.HasCheckpoint || progress.HasBegun)
                {
                    throw new ServiceException(ServiceError.TrainingFailed, errors);
                }

                folder.DeleteTraining();
                await job.Advance(now => now.Tell(
                    $"Training cannot go on from the checkpoint and begins anew. {paths.RemoveFrom(errors)}", JobEvent.Warning));
                deaths = 0;
                continue;
            }

            deaths = progress.Checkpoints > 0 ? 1 : deaths;
            var death = TrainingProcess.Death(code, errors);
            if (deaths == TrainingProcess.MostDeaths)
            {
                throw new ServiceException(
                    ServiceError.TrainingFailed,
                    $"The training process ended {deaths} times without saving a checkpoint in between, the last time {death}.");
            }

            await job.Advance(now => now.Tell(
                $"The training process ended {death}. The service starts it again, from the last checkpoint if there is one.",
                JobEvent.Warning));
        }
    }

    private List<string> Arguments(Job job, JobFolder folder, UploadedDataset dataset)
    {
        List<string> arguments =
        [
            "finetune",
            .. job.StartsFromPretrained ? new[] { job.Model, "--weights", settings.Weights } : [folder.Base],
            "--data", dataset.Folder,
            "--model-name", job.FineTunedModel, "--base-name", job.Start, "--data-name", dataset.Title,
            "--image-address", DatasetGallery.AddressOf(dataset.Id),
            "--method", job.Method, "--seed", Text(job.Seed), "--json-lines",
            "--checkpoint-seconds", Text(fineTuning.CheckpointSeconds), "--output", folder.Model,
        ];
        if (folder.Preprocessing is { } preprocessing)
        {
            arguments.AddRange(["--preprocessing", preprocessing]);
        }

        Add("--epochs", job.Epochs);
        Add("--batch-size", job.BatchSize);
        Add("--learning-rate", job.LearningRate);
        if (folder.HasCheckpoint)
        {
            arguments.Add("--resume");
        }

        return arguments;

        void Add(string option, IFormattable? value)
        {
            if (value is not null)
            {
                arguments.AddRange([option, Text(value)]);
            }
        }

        static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
    }
}
