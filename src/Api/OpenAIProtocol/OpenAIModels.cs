using System.Globalization;
using Fovea.Api.Configuration;
using Fovea.Api.Jobs;
using Fovea.Api.ModelRepository;
using Fovea.Api.Problems;
using Fovea.Models.Errors;
using Fovea.Models.Pretrained;

namespace Fovea.Api.OpenAIProtocol;

/// <summary>
/// The models in the form of OpenAI's API: the models of the repository, and the pretrained bases that are built in or downloaded.
/// </summary>
internal sealed class OpenAIModels(ModelStore models, ModelAdministration administration, JobStore jobs, Settings settings)
{
    private const string Model = "model", Repository = "fovea";

    /// <summary>All models: first the models of the repository, sorted by name, and then the pretrained bases.</summary>
    public IReadOnlyList<OpenAIModel> All
    {
        get
        {
            var stored = models.All;
            var bases = PretrainedBases.List(settings.Weights).Where(network =>
                network.State != BaseState.ToDownload && stored.All(model => model.Name != network.Name));
            return [.. stored.Select(Of), .. bases.Select(Of)];
        }
    }

    /// <summary>Returns the model with this name.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnknownModel"/>.</exception>
    public OpenAIModel Find(string name) => All.FirstOrDefault(model => model.Id == name) ?? Of(models.Find(name));

    /// <summary>Deletes a model with all its versions, if jobs have made it. Requests in flight are still answered.</summary>
    /// <exception cref="RefusalException">
    /// <see cref="ServiceError.UnknownModel"/>; <see cref="ServiceError.Forbidden"/>: no job has made it; or <see
    /// cref="ErrorCode.CannotWrite"/>.
    /// </exception>
    public async Task<OpenAIDeletion> Delete(string name, CancellationToken stop)
    {
        Find(name);
        if (await jobs.HighestVersion(name, stop) == 0)
        {
            throw new ServiceException(
                ServiceError.Forbidden,
                $"{name} was not made by a fine-tuning job; expected a fine-tuned model. DELETE /models/{name}/versions/1 deletes a "
                    + "version of any model.");
        }

        // The version that serves can be deleted only if it is the only one left, so it is deleted last.
        var now = models.Find(name).Now;
        int? serving = (now.Serving ?? now.Wanted)?.Number;
        foreach (var version in now.Versions.OrderBy(version => version.Number == serving))
        {
            await administration.Delete(name, version.Number.ToString(CultureInfo.InvariantCulture), stop);
        }

        return new(name, Model);
    }

    private static OpenAIModel Of(StoredModel model) =>
        new(model.Name, Model, WriteTime(model.Now.Versions[^1].Folder.File), Repository);

    private OpenAIModel Of(PretrainedBase network) => new(
        network.Name,
        Model,
        WriteTime(network.State == BaseState.BuiltIn
            ? PretrainedBases.BuiltInNetwork
            : PretrainedBases.PathOf(settings.Weights, network.Name)),
        network.Source);

    // .NET returns a time in the year 1601 for a file that was deleted meanwhile. The answer then has 0.
    private static long WriteTime(string file) =>
        Math.Max(0, new DateTimeOffset(File.GetLastWriteTimeUtc(file), TimeSpan.Zero).ToUnixTimeSeconds());
}
