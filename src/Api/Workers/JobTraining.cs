using System.Globalization;
using Fovea.Api.Configuration;
using Fovea.Api.DatasetRepository;
using Fovea.Api.Jobs;
using Fovea.Api.ModelRepository;
using Fovea.Api.Problems;
using Fovea.Api.Storage;
using Fovea.Models.Errors;

namespace Fovea.Api.Workers;

/// <summary>
/// Trains the network of a job: copies the base model into the job's folder, and runs the training program until the network is trained.
/// Steps that an earlier worker has done are not repeated.
/// </summary>
internal sealed class JobTraining(
    DatasetStore datasets, ModelStore models, Settings settings, FineTuningSettings fineTuning, TrainingProcess process, DiskWatch disk,
    PrivatePaths paths, TimeProvider time)
{
    /// <summary>The time between two tries while a disk or the database is gone.</summary>
    public static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);

    /// <summary>Trains the network of a job.</summary>
    /// <param name="job">The job.</param>
    /// <param name="pause">Stops training after it has saved a checkpoint.</param>
    /// <param name="kill">Kills the training program.</param>
    /// <returns>The job's folder, which has the trained network, and the data set.</returns>
    /// <exception cref="RefusalException">
    /// The data set or the base was deleted, or the training program refuses them or has ended several times without a checkpoint.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="pause"/> was cancelled.</exception>
    public async Task<(JobFolder Folder, UploadedDataset Dataset)> Train(HeldJob job, CancellationToken pause, CancellationToken kill)
    {
        await UntilReachable(job, pause);
        var folder = JobFolder.Take(settings, job.Now.Id, job.Now.Fence);
        var dataset = datasets.Find(job.Now.Dataset) ?? throw new FoveaException(
            ErrorCode.BadDataset,
            $"The data set {job.Now.Dataset} was deleted before the job ended. Start a new job with another data set.");
        if (!job.Now.StartsFromPretrained)
        {
            folder.CopyBase(models.PathOf(job.Now.Model), job.Now.BaseVersion, time);
        }

        var epochMessages = await TrainingProgress.EpochMessages(job, pause);
        if (folder.IsTrained)
        {
            // Training may have ended while its worker stood still, and the worker then lost the job.
            await new TrainingProgress(job, epochMessages, paths, time).CatchUp(folder.ReportedEpochs());
        }
        else
        {
            await RunUntilDone(job, folder, dataset, epochMessages, pause, kill);
        }

        return (folder, dataset);
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

    private async Task RunUntilDone(
        HeldJob job, JobFolder folder, UploadedDataset dataset, HashSet<string> epochMessages, CancellationToken pause,
        CancellationToken kill)
    {
        for (int deaths = 1; ; deaths++)
        {
            long began = time.GetTimestamp();
            var progress = new TrainingProgress(job, epochMessages, paths, time);
            var arguments = Arguments(job.Now, folder, dataset);
            disk.RequireSince(began);
            var (code, errors) = await process.Run(
                arguments, [folder.Attempt, settings.Data], job.Now.Threads, progress.Read, pause, kill);
            if (progress.HasLeftOut && disk.WasMissingSince(began))
            {
                // The images may have been left out only because their disk was gone.
                await UntilReachable(job, pause);
                folder.DeleteTraining();
                epochMessages.Clear();
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
                // A checkpoint of an earlier release may have other settings than this release chooses. The training program refuses such
                // a checkpoint before training begins. Once training has begun, the checkpoint is not the reason.
                if (!folder.HasCheckpoint || progress.HasBegun)
                {
                    throw new ServiceException(ServiceError.TrainingFailed, errors);
                }

                folder.DeleteTraining();
                epochMessages.Clear();
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
