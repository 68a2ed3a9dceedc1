using System.Globalization;
using System.Text.Json;
using Fovea.Api.DatasetRepository;
using Fovea.Api.Jobs;
using Fovea.Api.ModelRepository;
using Fovea.Api.Problems;
using Fovea.Models.Errors;

namespace Fovea.Api.Workers;

/// <summary>
/// Compares a trained model with an earlier one, the incumbent, on the validation images of the new data set. The incumbent is the version
/// that serves under the trained model's name. A new model that goes on from one with the same classes is compared with that one.
/// </summary>
internal sealed class IncumbentComparison(
    JobStore jobs, DatasetStore datasets, ModelStore models, TrainingProcess training, TimeProvider time)
{
    /// <summary>Whether a version has the classes of a data set, in the same order.</summary>
    public static bool HasClassesOf(UploadedDataset dataset, VersionFolder version) =>
        ModelLoader.Describe(version).Labels is { } labels && labels.SequenceEqual(dataset.Classes.Select(c => c.Label));

    /// <summary>Compares the models. Both are evaluated anew, by the training program.</summary>
    /// <param name="job">The job that has trained the model.</param>
    /// <param name="folder">The files of the job.</param>
    /// <param name="dataset">The data set with the validation images.</param>
    /// <param name="serving">The version that serves under the name of the trained model; null: the name is new, or none serves.</param>
    /// <param name="stop">Ends the evaluation.</param>
    /// <exception cref="RefusalException">The trained model cannot be evaluated.</exception>
    public async Task<Verdict> Compare(
        HeldJob job, JobFolder folder, UploadedDataset dataset, VersionFolder? serving, CancellationToken stop)
    {
        var name = job.Now.FineTunedModel;
        var (model, incumbent) = serving is null ? (job.Now.Model, StartOf(job.Now, dataset)) : (name, serving);
        bool isNew = serving is null;
        if (incumbent is null)
        {
            return new(true, $"{name} is a new model.", null);
        }

        double own = await Accuracy(job, folder.Model, dataset, stop);
        double before;
        try
        {
            ModelLoader.CopyAlone(incumbent, folder.Incumbent, time);
            before = await Accuracy(job, folder.Incumbent, dataset, stop);
        }
        catch (RefusalException e)
        {
            return isNew
                ? new(true, $"{name} is a new model. {model} version {incumbent.Number}, from which it started, cannot be evaluated: "
                    + e.Message, new() { ValidAccuracy = own })
                : new(false, $"Version {incumbent.Number} of {name}, which serves, cannot be evaluated, so the new one is not published: "
                    + e.Message, new() { ValidAccuracy = own });
        }

        int seen = await TrainedOn(model, incumbent.Number, dataset, stop);
        return new(isNew || own >= before, Sentence(name, model, incumbent.Number, isNew, own, before) + Warning(seen, dataset), new()
        {
            ValidAccuracy = own,
            Incumbent = model,
            IncumbentVersion = incumbent.Number,
            IncumbentAccuracy = before,
            IncumbentTrainedOn = seen,
        });
    }

    private static string Sentence(string name, string model, int version, bool isNew, double own, double before)
    {
        var verdict = own > before ? "better" : own < before ? "worse" : "as good";
        var (ours, theirs) = (Share(own), Share(before));
        return isNew
            ? $"{name} is a new model. On the validation images it has an accuracy of {ours}, version {version} of {model}, from which it "
                + $"started, {theirs}: it is {verdict}."
            : $"On the validation images the new version has an accuracy of {ours}, "
                + $"version {version} of {model}, which serves, {theirs}: it is {verdict}.";

        static string Share(double accuracy) => accuracy.ToString("P2", CultureInfo.InvariantCulture);
    }

    private static string Warning(int seen, UploadedDataset dataset) => seen == 0 ? ""
        : $" {seen} of the {dataset.Classes.Sum(c => c.Val)} validation images were training images of that version, which makes it look "
            + "better than it is; POST /datasets?from= keeps them apart.";

    // The version that training started from, if it knows the same classes.
    private VersionFolder? StartOf(Job job, UploadedDataset dataset)
    {
        var start = job.StartsFromPretrained ? null
            : ModelFolder.Read(models.PathOf(job.Model)).Versions.FirstOrDefault(version => version.Number == job.BaseVersion);
        return start is not null && HasClassesOf(dataset, start) ? start : null;
    }

    // The number of validation images that the job of an earlier version has trained on. Corrections keep such images apart.
    private async Task<int> TrainedOn(string model, int version, UploadedDataset dataset, CancellationToken stop)
    {
        if (await jobs.DatasetOf(model, version, stop) is not { } id || IsMadeOf(dataset, id) || datasets.Find(id) is not { } earlier)
        {
            return 0;
        }

        try
        {
            var trained = (await StoredImages.Read(earlier, [UploadedDataset.Train], stop)).Select(image => image.Sha256).ToHashSet();
            return (await StoredImages.Read(dataset, [UploadedDataset.Validation], stop)).Count(image => trained.Contains(image.Sha256));
        }
        catch (IOException) when (datasets.Find(id) is null)
        {
            // The earlier data set was deleted while it was read.
            return 0;
        }
    }

    // Whether a data set is the one with this id, or was made of it by corrections.
    private bool IsMadeOf(UploadedDataset dataset, string id)
    {
        for (var now = dataset; now is not null; now = now.From is { } earlier ? datasets.Find(earlier) : null)
        {
            if (now.Id == id || now.From == id)
            {
                return true;
            }
        }

        return false;
    }

    private async Task<double> Accuracy(HeldJob job, string file, UploadedDataset dataset, CancellationToken stop)
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
                throw new ServiceException(ServiceError.TrainingFailed, $"The evaluation failed: {reason}");
            }

            await job.Advance(now => now.Tell($"The evaluation ended {death}. It is started again.", JobEvent.Warning));

            ValueTask Read(string line)
            {
                last = line;
                return ValueTask.CompletedTask;
            }
        }
    }
}

/// <summary>The result of a comparison with the incumbent.</summary>
/// <param name="IsPublishable">Whether the trained model may serve: it is not worse, or its name is new.</param>
/// <param name="Reason">Why, as sentences.</param>
/// <param name="Figures">The figures of the sentences; null: there is no incumbent.</param>
internal sealed record Verdict(bool IsPublishable, string Reason, JobMetrics? Figures);
