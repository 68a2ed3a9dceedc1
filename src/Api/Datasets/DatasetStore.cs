using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// The data sets under <see cref="Settings.Data"/>: <c>datasets/{id}/dataset.json</c> and the images beside it. Nothing is kept in
/// memory, so services that share the folder agree.
/// </summary>
internal sealed partial class DatasetStore(Settings settings, ILogger<DatasetStore> log)
{
    private const string Description = "dataset.json";

    private readonly string root = RootOf(settings);

    /// <summary>The folder of all data sets; it need not exist yet.</summary>
    public static string RootOf(Settings settings) => Path.Combine(settings.Data, "datasets");

    /// <summary>A new random name: <c>ds_</c> and 16 hexadecimal digits.</summary>
    public static string NewId() => $"ds_{RandomNumberGenerator.GetHexString(16, lowercase: true)}";

    /// <summary>Every data set, the newest first.</summary>
    public IReadOnlyList<Dataset> All =>
    [
        .. (Directory.Exists(root) ? Directory.EnumerateDirectories(root) : [])
            .Select(folder => Find(Path.GetFileName(folder))).OfType<Dataset>()
            .OrderByDescending(dataset => dataset.CreatedAt).ThenBy(dataset => dataset.Id, StringComparer.Ordinal),
    ];

    /// <summary>The data set of this name; null where there is none.</summary>
    public Dataset? Find(string id)
    {
        // Only a name that this service could have given becomes a path.
        if (!Id().IsMatch(id))
        {
            return null;
        }

        var folder = Path.Combine(root, id);
        try
        {
            var description = File.ReadAllBytes(Path.Combine(folder, Description));
            return JsonSerializer.Deserialize(description, ApiJson.Default.Dataset)! with { Folder = folder };
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The data set of this name.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.UnknownDataset"/>.</exception>
    public Dataset Get(string id) =>
        Find(id) ?? throw new FoveaException(
            ErrorCode.UnknownDataset,
            $"There is no data set {id}; GET /datasets lists those that there are.");

    /// <summary>A folder for the files that are to become a data set; only the service's user may read it, and the data set.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>.</exception>
    public StagingFolder Stage() => new(root, "The folder of data sets", isPrivate: true);

    /// <summary>Makes staged files a data set, in one step.</summary>
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

    /// <summary>Deletes a data set, in one step. Readers of its files fail from then on.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.UnknownDataset"/> or <see cref="ErrorCode.CannotWrite"/>.</exception>
    public void Delete(string id)
    {
        var dataset = Get(id);
        using var staging = Stage();
        staging.Write(() =>
        {
            try
            {
                Directory.Move(dataset.Folder, Path.Combine(staging.Path, id));
            }
            catch (DirectoryNotFoundException) when (!Directory.Exists(dataset.Folder))
            {
                // Another service has deleted it since Get.
                _ = Get(id);
            }
        });
        log.DatasetDeleted(id);
    }

    [GeneratedRegex(@"\Ads_[0-9a-f]{16}\z")]
    private static partial Regex Id();
}
