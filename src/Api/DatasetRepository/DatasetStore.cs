using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Fovea.Api.Configuration;
using Fovea.Api.Problems;
using Fovea.Api.Storage;
using Fovea.Api.Telemetry;
using Fovea.Models.Errors;

namespace Fovea.Api.DatasetRepository;

/// <summary>
/// Stores data sets in the folder <see cref="Settings.Data"/>, each as <c>datasets/{id}/dataset.json</c> with the images beside this file.
/// The store keeps nothing in memory, so several services can share the folder.
/// </summary>
internal sealed partial class DatasetStore(Settings settings, ILogger<DatasetStore> log)
{
    /// <summary>The name of the folder of data sets in messages.</summary>
    public const string Place = "The folder of data sets";

    private const string Description = "dataset.json";

    private readonly string root = settings.DatasetFolder;

    /// <summary>Returns a new random id: <c>ds_</c> and 16 hexadecimal digits.</summary>
    public static string NewId() => $"ds_{RandomNumberGenerator.GetHexString(16, lowercase: true)}";

    /// <summary>Whether a text has the form of an id that <see cref="NewId"/> makes.</summary>
    public static bool IsId(string text) => Id().IsMatch(text);

    /// <summary>All data sets, the newest first.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Unavailable"/>: the disk of the data sets is gone.</exception>
    public IReadOnlyList<UploadedDataset> All =>
    [
        .. Folders().Select(folder => Find(Path.GetFileName(folder))).OfType<UploadedDataset>()
            .OrderByDescending(dataset => dataset.CreatedAt).ThenBy(dataset => dataset.Id, StringComparer.Ordinal),
    ];

    /// <summary>Returns the data set with this id; null if it does not exist.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Unavailable"/>: the disk of the data sets is gone.</exception>
    public UploadedDataset? Find(string id)
    {
        // Only an id of the form that NewId makes becomes part of a path.
        if (!IsId(id))
        {
            return null;
        }

        var folder = Path.Combine(root, id);
        try
        {
            var description = File.ReadAllBytes(Path.Combine(folder, Description));
            return JsonSerializer.Deserialize(description, DatasetJson.Default.UploadedDataset)! with { Folder = folder };
        }
        catch (IOException e) when (SharedDisk.IsMissing(folder))
        {
            throw SharedDisk.Unreachable(Place, e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Returns the data set with this id.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnknownDataset"/>: it does not exist.</exception>
    public UploadedDataset Get(string id) =>
        Find(id) ?? throw Unknown(id);

    /// <summary>Returns the error for an id that no data set has.</summary>
    public static ServiceException Unknown(string id) => new(
        ServiceError.UnknownDataset, $"There is no data set {ReadableText.Of(id)}; GET /datasets lists the existing data sets.");

    /// <summary>
    /// Creates a staging folder for the files of a new data set. Only the service's user may read the folder and the data set.
    /// </summary>
    /// <exception cref="RefusalException"><see cref="ErrorCode.CannotWrite"/> or <see cref="ServiceError.Unavailable"/>.</exception>
    public StagingFolder Stage() => new(root, Place, isPrivate: true);

    /// <summary>
    /// Makes a data set of the staged files by renaming their folder, so that other processes see the whole data set or none of it.
    /// </summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>.</exception>
    public UploadedDataset Add(StagingFolder staging, UploadedDataset dataset)
    {
        var folder = Path.Combine(root, dataset.Id);
        staging.Write(() =>
        {
            dataset = dataset with
            {
                Bytes = new DirectoryInfo(staging.Path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length),
            };
            using (var file = File.Create(Path.Combine(staging.Path, Description)))
            {
                JsonSerializer.Serialize(file, dataset, DatasetJson.Default.UploadedDataset);
                file.Flush(flushToDisk: true);
            }

            Directory.Move(staging.Path, folder);
        });
        log.DatasetAdded(dataset.Id, dataset.Classes.Sum(c => c.Count), dataset.Classes.Count, dataset.Refused.Count);
        return dataset with { Folder = folder };
    }

    /// <summary>Deletes a data set. Its folder is renamed first, so reading its files fails at once.</summary>
    /// <exception cref="RefusalException"><see cref="ServiceError.UnknownDataset"/> or <see cref="ErrorCode.CannotWrite"/>.</exception>
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
                // Another service has deleted the data set meanwhile, so Get throws.
                _ = Get(id);
            }
        });
        log.DatasetDeleted(id);
    }

    private IEnumerable<string> Folders()
    {
        if (Directory.Exists(root))
        {
            return Directory.EnumerateDirectories(root);
        }

        SharedDisk.Require(root, Place);
        return [];
    }

    [GeneratedRegex(@"\Ads_[0-9a-f]{16}\z")]
    private static partial Regex Id();
}
