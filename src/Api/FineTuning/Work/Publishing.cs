using System.Globalization;
using System.Text.Json;
using Fovea.Models;
using Microsoft.EntityFrameworkCore;

namespace Fovea.Api;

/// <summary>
/// Adds a trained model to the model repository, exactly once. Each decision is saved in the database before it is carried out, so after an
/// interruption the same steps can be repeated.
/// </summary>
internal sealed class Publishing(JobStore store, ModelStore models, ModelAdministration administration, TrainingProcess training)
{
    /// <summary>Compares the model with the one that serves, adds it as a version, and ends the job.</summary>
    /// <exception cref="FoveaException">The model cannot be added.</exception>
    /// <exception cref="OperationCanceledException">The worker no longer holds the job, or the job is paused.</exception>
    public async Task Publish(HeldJob job, JobFolder folder, Dataset dataset, CancellationToken stop)
    {
        while (true)
        {
            if (job.Now.Version is null)
            {
                await Decide(job, folder, dataset, stop);
            }

            var (model, version, publish) = (job.Now.FineTunedModel, job.Now.Version!.Value, job.Now.Published);
            await job.RequireRunning();
            if (await administration.Add(model, version, folder.Model, publish, stop))
            {
                var rollback = version > 1 ? $" POST /models/{model}/rollback goes back to the version before." : "";
                await job.Advance(now => now.Succeed(publish
                    ? $"{model} version {version} is published.{rollback}"
                    : $"{model} version {version} is added, not published. POST /models/{model}/versions/{version}/publish publishes it."));
                return;
            }

            // A version with this number, of other bytes, was added since the number was chosen.
            await job.Advance(now => now.Version = null);
        }
    }

    private async Task Decide(HeldJob job, JobFolder folder, Dataset dataset, CancellationToken stop)
    {
        var name = job.Now.FineTunedModel;
        var there = ModelFolder.Read(models.PathOf(name));
        if (there.Versions is [.., var last] && !HasLabels(last, dataset))
        {
            throw new FoveaException(
                ErrorCode.Conflict,
                $"A model {name} exists, and its classes are not the data set's {string.Join(", ", dataset.Classes.Select(c => c.Label))}; "
                    + "expected a job with another suffix.");
        }

        var (publish, reason) = await Compare(job, folder, dataset, there.Serving, stop);
        while (true)
        {
            int inRepository = there.Versions is [.., var highest] ? highest.Number : 0;
            int version = Math.Max(inRepository, await store.HighestVersion(name, stop)) + 1;
            try
            {
                await job.Advance(now =>
                {
                    (now.Version, now.Published) = (version, publish);
                    now.Tell(reason);
                });
                return;
            }
            catch (DbUpdateException e) when (StateDatabase.IsTaken(e))
            {
                // Another job has chosen the same version at the same time.
            }
        }
    }

    private async Task<(bool Publish, string Reason)> Compare(
        HeldJob job, JobFolder folder, Dataset dataset, VersionFolder? incumbent, CancellationToken stop)
    {
        var name = job.Now.FineTunedModel;
        if (incumbent is null)
        {
            return (job.Now.PublishesItself, $"{name} is a new model.");
        }

        double own = await Accuracy(job, folder.Model, dataset, stop);
        double before;
        try
        {
            before = await Accuracy(job, Path.Combine(incumbent.Path, VersionFolder.ModelFile), dataset, stop);
        }
        catch (FoveaException e)
        {
            var reason = $"Version {incumbent.Number} of {name}, which serves, cannot be evaluated";
            return (false, $"{reason}, so the new one is not published: {e.Message}");
        }

        var verdict = own > before ? "better" : own < before ? "worse" : "as good";
        return (job.Now.PublishesItself && own >= before, string.Create(
            CultureInfo.InvariantCulture,
            $"On the validation images the new version has an accuracy of {own:P2}, "
                + $"version {incumbent.Number} of {name}, which serves, {before:P2}: it is {verdict}."));
    }

    private async Task<double> Accuracy(HeldJob job, string file, Dataset dataset, CancellationToken stop)
    {
        for (int deaths = 1; ; deaths++)
        {
            string? last = null;
            string[] arguments = ["evaluate", file, "--data", dataset.Folder, "--json"];
            var (code, errors) = await training.Run(arguments, job.Now.Threads, Read, CancellationToken.None, stop);
            if (code == TrainingProcess.Done)
            {
                using var report = JsonDocument.Parse(last!);
                return report.RootElement.GetProperty("accuracy").GetDouble();
            }

            var death = TrainingProcess.Death(code, errors);
            if (code == TrainingProcess.Refused || deaths == TrainingProcess.MostDeaths)
            {
                var reason = code == TrainingProcess.Refused ? errors : $"it ended {deaths} times, the last time {death}.";
                throw new FoveaException(ErrorCode.TrainingFailed, $"The evaluation failed: {reason}");
            }

            await job.Advance(now => now.Tell($"The evaluation ended {death}. It is started again.", JobEvent.Warning));

            ValueTask Read(string line)
            {
                last = line;
                return ValueTask.CompletedTask;
            }
        }
    }

    private static bool HasLabels(VersionFolder version, Dataset dataset) =>
        ModelLoader.Describe(version.Path, Path.GetDirectoryName(version.Path)!).Labels is { } labels
            && labels.SequenceEqual(dataset.Classes.Select(c => c.Label));
}
