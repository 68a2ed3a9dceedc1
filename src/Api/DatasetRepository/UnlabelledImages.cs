using System.Security.Cryptography;
using System.Threading.Channels;
using Fovea.Api.Telemetry;
using Fovea.Models.Files;
using Fovea.Models.Imaging;

namespace Fovea.Api.DatasetRepository;

/// <summary>
/// Keeps images without labels beside the images of a data set, as <c>unlabelled/images/{SHA-256}.{ending}</c>. Training and the data set's
/// hash ignore them. A person labels them by corrections (<c>POST /datasets?from=</c>), which put them into a new data set. The images
/// are written in the background, so that no answer waits for a slow disk. Images that wait when the service stops are written before it
/// ends. Thread-safe.
/// </summary>
internal sealed class UnlabelledImages(DatasetStore datasets, TimeProvider time, ILogger<UnlabelledImages> log) : BackgroundService
{
    /// <summary>The folder of the images in the part <see cref="UploadedDataset.Unlabelled"/>.</summary>
    public const string Folder = "images";

    /// <summary>The largest number of images that wait to be written.</summary>
    public const int MostWaiting = 64;

    // The largest sum of the waiting images' bytes; a single image may be larger.
    private const long MostWaitingBytes = 64 << 20;

    // The images are counted, and a problem is logged, at most once in this time: doing so at each request would be too often.
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Channel<(string Id, byte[] Image, int Most)> waiting = Channel.CreateBounded<(string Id, byte[] Image, int Most)>(
        new BoundedChannelOptions(MostWaiting) { SingleReader = true });

    private readonly Lock gate = new();
    private long waitingBytes;
    private string? countedFolder;
    private int count;
    private long countedAt, warnedAt;

    /// <summary>
    /// Copies an image that a later write keeps, unless the data set has kept the same bytes before or is full. A request must not fail
    /// because its image cannot be kept, so the reason is logged.
    /// </summary>
    /// <param name="id">The id of the data set.</param>
    /// <param name="image">The bytes of an image that was decoded before.</param>
    /// <param name="most">The largest number of unlabelled images of the data set.</param>
    public void Keep(string id, ReadOnlyMemory<byte> image, int most)
    {
        long bytes = Interlocked.Add(ref waitingBytes, image.Length);
        if ((bytes > MostWaitingBytes && bytes > image.Length) || !waiting.Writer.TryWrite((id, image.ToArray(), most)))
        {
            Interlocked.Add(ref waitingBytes, -image.Length);
            Warn($"{MostWaiting} images or {MostWaitingBytes >> 20} MiB wait already for the disk of Fovea:Data, or the service stops");
        }
    }

    /// <inheritdoc/>
    public override Task StopAsync(CancellationToken cancellationToken)
    {
        waiting.Writer.TryComplete();
        return base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The stop ends the queue, not the token, so that the waiting images are written.
        await foreach (var (id, image, most) in waiting.Reader.ReadAllAsync(CancellationToken.None))
        {
            Write(id, image, most);
            Interlocked.Add(ref waitingBytes, -image.Length);
        }
    }

    private void Write(string id, byte[] image, int most)
    {
        try
        {
            var dataset = datasets.Get(id);
            var folder = Path.Combine(dataset.Folder, UploadedDataset.Unlabelled, Folder);
            var ending = ImageFormat.Of(image)?.Extensions[0] ?? "image";
            var path = Path.Combine(folder, $"{Convert.ToHexStringLower(SHA256.HashData(image))}.{ending}");
            if (File.Exists(path))
            {
                return;
            }

            if (HasRoom(folder, most))
            {
                AtomicFile.Write(path, file => file.Write(image), isPrivate: true);
                RemoveIfDeleted(dataset);
            }
            else
            {
                Warn($"{id} has {most:N0} unlabelled images, the most that Fovea:CustomVision:MaxKeptImages allows");
            }
        }
        catch (Exception e)
        {
            // An exception here would stop the service.
            Warn(e.Message);
        }
    }

    // If the data set was deleted before the write, the write has made its folder anew. Ids are never used again.
    private void RemoveIfDeleted(UploadedDataset dataset)
    {
        if (datasets.Find(dataset.Id) is null)
        {
            Directory.Delete(Path.Combine(dataset.Folder, UploadedDataset.Unlabelled), recursive: true);

            // Fails if the folder has other files, so nothing else is deleted.
            Directory.Delete(dataset.Folder);
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
