using System.Globalization;
using System.Text.Json;
using Fovea.Api.DatasetRepository;
using Fovea.Api.Jobs;
using Fovea.Api.ModelRepository;
using Fovea.Api.Problems;
using Fovea.Models.Errors;

namespace Fovea.Api.Workers;

/// <summary>
/// Compares a trained model with an earlier model, the incumbent, on the validation images of the new data set. The incumbent is the
/// version that serves under the trained model's name. If the name is new, the incumbent is the model that training started from, if that
/// model has the same classes.
/// </summary>
internal sealed class IncumbentComparison(
    JobStore jobs, DatasetStore datasets, ModelStore models, TrainingProcess training, TimeProvider time)
{
    /// <summary>Whether a version has the same classes as a data set, in the same order.</summary>
    public static bool HasClassesOf(UploadedDataset dataset, VersionFolder version) =>
        ModelLoader.Describe(version).Labels is { } labels && labels.SequenceEqual(dataset.Classes.Select(c => c.Label));

    /// <summary>Compares the two models. The training program evaluates both.</summary>
    /// <param name="job">The job that has trained the model.</param>
    /// <param name="folder">The files of the job.</param>
    /// <param name="dataset">The data set with the validation images.</param>
    /// <param name="serving">The version that serves under the name of the trained model; null: the name is new, or none serves.</param>
    /// <param name="stop">Cancels the evaluation.</param>
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
                ? new(true, $"{name} is a new model. It cannot be compared with version {incumbent.Number} of {model}, from which it "
                    + $"started: {e.Message}", new() { ValidAccuracy = own })
                : new(false, $"The new version is not published, because it cannot be compared with version {incumbent.Number} of {name}, "
                    + $"which serves: {e.Message}", new() { ValidAccuracy = own });
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
            ? $"{name} is a new model. Its accuracy on the validation images is {ours}. The accuracy of version {version} of {model}, from "
                + $"which it started, is {theirs}. The new model is {verdict}."
            : $"The new version's accuracy on the validation images is {ours}. The accuracy of version {version} of {model}, which serves, "
                + $"is {theirs}. The new version is {verdict}.";

        static string Share(double accuracy) => accuracy.ToString("P2", CultureInfo.InvariantCulture);
    }

    private static string Warning(int seen, UploadedDataset dataset) => seen == 0 ? ""
        : $" {seen} of the {dataset.Classes.Sum(c => c.Val)} validation images were training images of that version, so its measured "
            + "accuracy is too high. A data set made with POST /datasets?from= avoids this: its validation images stay validation images.";

    // Returns the version that training started from; null if it was a pretrained network, was deleted, or has other classes.
    private VersionFolder? StartOf(Job job, UploadedDataset dataset)
    {
        var start = job.StartsFromPretrained ? null
            : ModelFolder.Read(models.PathOf(job.Model)).Versions.FirstOrDefault(version => version.Number == job.BaseVersion);
        return start is not null && HasClassesOf(dataset, start) ? start : null;
    }

    // Returns the number of validation images that were training images of the job that made an earlier version. It is 0 if the data set
    // was made by correcting that job's data set, because corrections never move an image from training to validation.
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
            // The earlier data set was deleted while its images were being read.
            return 0;
        }
    }

    // Returns true if a data set has this id, or was made from the data set with this id by corrections.
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
            string[] folders = [Path.GetDirectoryName(dataset.Folder)!];
            var (code, errors) = await training.Run(arguments, folders, job.Now.Threads, Read, CancellationToken.None, stop);
            if (code == TrainingProcess.Done)
            {
                using var report = JsonDocument.Parse(last!);
                return report.RootElement.GetProperty("accuracy").GetDouble();
            }

            var death = TrainingProcess.Death(code, errors);
            if (code == TrainingProcess.Refused || deaths == TrainingProcess.MostDeaths)
            {
                var reason = code == TrainingProcess.Refused ? errors
                    : $"the evaluation process ended {deaths} times, the last time {death}.";
                throw new ServiceException(ServiceError.TrainingFailed, $"The evaluation failed: {reason}");
            }

            await job.Advance(now => now.Tell($"The evaluation ended {death}. The service starts it again.", JobEvent.Warning));

            ValueTask Read(string line)
            {
                last = line;
                return ValueTask.CompletedTask;
            }
        }
    }
}
