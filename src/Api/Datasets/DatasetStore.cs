using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// The data sets under <see cref="Settings.Data"/>: <c>datasets/{id}/dataset.json</c> and beside it the images. The folder is the state, so that several services
/// that share it agree.
/// </summary>
internal sealed partial class DatasetStore(Settings settings, ILogger<DatasetStore> log)
{
    private const string Description = "dataset.json";

    // Somebody who sends slowly still writes now and then.
    private static readonly TimeSpan Abandoned = TimeSpan.FromHours(1);

    private readonly string root = Path.Combine(settings.Data, "datasets");

    /// <summary>A name that no data set has.</summary>
    public static string NewId() => $"ds_{RandomNumberGenerator.GetHexString(16, lowercase: true)}";

    /// <summary>Every data set, the newest first.</summary>
    public IReadOnlyList<Dataset> All =>
    [
        .. (Directory.Exists(root) ? Directory.EnumerateDirectories(root) : []).Select(folder => Find(Path.GetFileName(folder))).OfType<Dataset>()
            .OrderByDescending(dataset => dataset.CreatedAt).ThenBy(dataset => dataset.Id, StringComparer.Ordinal),
    ];

    /// <summary>The data set of this name; null where there is none.</summary>
    public Dataset? Find(string id)
    {
        // A name becomes a path only if it is one of ours.
        if (!Id().IsMatch(id))
        {
            return null;
        }

        var folder = Path.Combine(root, id);
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(folder, Description)), ApiJson.Default.Dataset)! with { Folder = folder };
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The data set of this name.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.UnknownDataset"/>.</exception>
    public Dataset Get(string id) => Find(id) ?? throw new FoveaException(ErrorCode.UnknownDataset, $"There is no data set {id}; GET /datasets lists those that there are.");

    /// <summary>A place for what becomes a data set.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>.</exception>
    public StagingFolder Stage() => new(root, "The folder of data sets");

    /// <summary>Adds what was staged, in one step.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>.</exception>
    public Dataset Add(StagingFolder staging, Dataset dataset)
    {
        var folder = Path.Combine(root, dataset.Id);
        staging.Write(() =>
        {
            using (var file = File.Create(Path.Combine(staging.Path, Description)))
            {
                JsonSerializer.Serialize(file, dataset, ApiJson.Default.Dataset);
                file.Flush(flushToDisk: true);
            }

            Directory.Move(staging.Path, folder);
        });
        log.DatasetAdded(dataset.Id, dataset.Classes.Sum(c => c.Count), dataset.Classes.Count, dataset.Refused.Count);
        return dataset with { Folder = folder };
    }

    /// <summary>Deletes a data set. Whoever reads its files meanwhile finds them gone.</summary>
    /// <exception cref="FoveaException">There is none of this name, or it cannot be deleted.</exception>
    public void Delete(string id)
    {
        var dataset = Get(id);
        using var staging = Stage();
        staging.Write(() => Directory.Move(dataset.Folder, Path.Combine(staging.Path, id)));
        log.DatasetDeleted(id);
    }

    /// <summary>Deletes what uploads left that were cut off, an hour after their last byte.</summary>
    public void DeleteAbandoned()
    {
        if (Directory.Exists(root))
        {
            StagingFolder.DeleteAbandoned(root, Abandoned);
        }
    }

    [GeneratedRegex(@"\Ads_[0-9a-f]{16}\z")]
    private static partial Regex Id();
}
