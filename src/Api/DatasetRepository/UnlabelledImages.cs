using System.Security.Cryptography;
using Fovea.Api.Telemetry;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Imaging;

namespace Fovea.Api.DatasetRepository;

/// <summary>
/// Keeps images without labels beside the images of a data set, as <c>unlabelled/images/{SHA-256}.{ending}</c>. Training and the data set's
/// hash ignore them. A person labels them by corrections (<c>POST /datasets?from=</c>), which put them into a new data set.
/// </summary>
internal sealed class UnlabelledImages(DatasetStore datasets, TimeProvider time, ILogger<UnlabelledImages> log)
{
    /// <summary>The folder of the images in the part <see cref="UploadedDataset.Unlabelled"/>.</summary>
    public const string Folder = "images";

    // The images are counted, and a problem is logged, at most once in this time: doing so at each request would be too often.
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private string? countedFolder;
    private int count;
    private long countedAt, warnedAt;

    /// <summary>
    /// Keeps an image, unless the data set has kept the same bytes before or is full. A request must not fail because its image cannot be
    /// kept, so this method logs the reason instead of throwing.
    /// </summary>
    /// <param name="id">The id of the data set.</param>
    /// <param name="image">The bytes of an image that was decoded before.</param>
    /// <param name="most">The largest number of unlabelled images of the data set.</param>
    public void Keep(string id, ReadOnlyMemory<byte> image, int most)
    {
        try
        {
            var dataset = datasets.Get(id);
            var folder = Path.Combine(dataset.Folder, UploadedDataset.Unlabelled, Folder);
            var ending = ImageFormat.Of(image.Span)?.Extensions[0] ?? "image";
            var path = Path.Combine(folder, $"{Convert.ToHexStringLower(SHA256.HashData(image.Span))}.{ending}");
            if (File.Exists(path))
            {
                return;
            }

            if (HasRoom(folder, most))
            {
                AtomicFile.Write(path, file => file.Write(image.Span), isPrivate: true);
            }
            else
            {
                Warn($"{id} has {most:N0} unlabelled images, the most that Fovea:CustomVision:MaxKeptImages allows");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or RefusalException)
        {
            Warn(e.Message);
        }
    }

    // Counts the image that is about to be written. Other processes may write too, so the folder is counted again after a minute.
    private bool HasRoom(string folder, int most)
    {
        lock (gate)
        {
            if (countedFolder != folder || time.GetElapsedTime(countedAt) >= Interval)
            {
                count = Directory.Exists(folder) ? Directory.EnumerateFiles(folder).Count() : 0;
                (countedFolder, countedAt) = (folder, time.GetTimestamp());
            }

            if (count >= most)
            {
                return false;
            }

            count++;
            return true;
        }
    }

    private void Warn(string reason)
    {
        lock (gate)
        {
            if (warnedAt != 0 && time.GetElapsedTime(warnedAt) < Interval)
            {
                return;
            }

            warnedAt = time.GetTimestamp();
        }

        log.ImageNotKept(reason.TrimEnd('.'));
    }
}
