using System.Globalization;
using Fovea.Models;
using Hangfire;
using Hangfire.Server;

namespace Fovea.Api;

/// <summary>Works at a job, from wherever it is to its end. It may be killed at any moment: whoever comes next goes on with what lies on the disk and in the database.</summary>
internal sealed class JobRunner(
    JobStore store, DatasetStore datasets, ModelStore models, Settings settings, FineTuningSettings fineTuning, TrainingProcess training, Publishing publishing, TimeProvider time, ILogger<JobRunner> log)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    /// <summary>Takes what an entry of the queue stands for. What cannot be written down, as when the database is away, is tried again.</summary>
    [AutomaticRetry(Attempts = int.MaxValue, DelaysInSeconds = [10], LogEvents = false)]
    public async Task Run(string id, PerformContext? context, CancellationToken stop)
    {
        try
        {
            bool isOurs = false;
            var job = await store.Change(id, job => isOurs = job.TryBegin(context!.BackgroundJob.Id, fineTuning.Threads), stop);
            if (isOurs)
            {
                log.JobBegun(id, job.Fence);
                await RunToItsEnd(new HeldJob(store, job), stop);
            }
        }
        catch (Exception e) when (StateDatabase.IsAway(e))
        {
            log.JobsUnreachable(StateDatabase.Reason(e));
            throw;
        }
    }

    private async Task RunToItsEnd(HeldJob job, CancellationToken stop)
    {
        try
        {
            await Work(job, stop);
        }
        catch (FoveaException e)
        {
            await job.Advance(now => now.Fail(Problem.NameOf(e.Code), JobFolder.WithoutPlace(e.Message, settings)));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await job.Change(now => now.Release("The service is stopping; the job goes on from its last checkpoint."));
        }
        catch (OperationCanceledException e)
        {
            log.JobLeft(job.Now.Id, e.Message);
        }
        catch (Exception e) when (!StateDatabase.IsAway(e))
        {
            log.JobFaulted(e, job.Now.Id);
            await job.Advance(now => now.Fail(Problem.NameOf(ErrorCode.Internal), "The service failed at this job; its log says why."));
        }

        log.JobEnded(job.Now.Id, job.Now.Status);
    }

    private async Task Work(HeldJob job, CancellationToken stop)
    {
        var folder = JobFolder.Take(settings, job.Now.Id, job.Now.Fence);
        var dataset = datasets.Find(job.Now.Dataset) ?? throw new FoveaException(ErrorCode.BadDataset, $"The data set {job.Now.Dataset} is gone; expected it to stay until the job has ended.");
        using var kill = new CancellationTokenSource();
        using var pause = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var over = new CancellationTokenSource();
        var watching = Watch(job, pause, kill, over.Token);
        try
        {
            folder.CopyBase(models.PathOf(job.Now.Model), job.Now.BaseVersion);
            if (!folder.IsTrained)
            {
                await Train(job, folder, dataset, pause.Token, kill.Token);
            }

            using var end = CancellationTokenSource.CreateLinkedTokenSource(kill.Token, stop);
            await publishing.Publish(job, folder, dataset, end.Token);
        }
        finally
        {
            await over.CancelAsync();
            await watching;
        }
    }

    private async Task Train(HeldJob job, JobFolder folder, Dataset dataset, CancellationToken pause, CancellationToken kill)
    {
        for (int deaths = 1; ; deaths++)
        {
            var progress = new TrainingProgress(job, settings, time);
            var (code, errors) = await training.Run(Arguments(job.Now, folder, dataset), job.Now.Threads, progress.Read, pause, kill);
            if (code == TrainingProcess.Done)
            {
                return;
            }

            pause.ThrowIfCancellationRequested();
            if (code == TrainingProcess.Refused)
            {
                throw new FoveaException(ErrorCode.TrainingFailed, errors);
            }

            deaths = progress.Checkpoints > 0 ? 1 : deaths;
            var death = TrainingProcess.Death(code, errors);
            if (deaths == TrainingProcess.MostDeaths)
            {
                throw new FoveaException(ErrorCode.TrainingFailed, $"The training process ended {TrainingProcess.MostDeaths} times without a checkpoint in between, the last time {death}.");
            }

            await job.Advance(now => now.Tell($"The training process ended {death}. It is started again, from the last checkpoint where there is one.", JobEvent.Warning));
        }
    }

    private List<string> Arguments(Job job, JobFolder folder, Dataset dataset)
    {
        List<string> arguments =
        [
            "finetune", folder.Base, "--preprocessing", folder.Preprocessing, "--data", dataset.Folder, "--method", job.Method, "--seed", Text(job.Seed), "--json-lines",
            "--checkpoint-seconds", Text(fineTuning.CheckpointSeconds), "--output", folder.Model,
        ];
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

    // Other hands pause it, call it off or take it over, perhaps on another machine.
    private static async Task Watch(HeldJob job, CancellationTokenSource pause, CancellationTokenSource kill, CancellationToken over)
    {
        try
        {
            while (true)
            {
                if (!await job.IsRunning())
                {
                    await pause.CancelAsync();
                }

                await Task.Delay(BetweenLooks, over);
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The work is done.
        }
        catch (Exception)
        {
            // The job is lost; or the database is, and with it whether the job is ours.
            await kill.CancelAsync();
        }
    }
}
