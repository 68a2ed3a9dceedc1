using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Fovea.Api.Serving;
using Fovea.Api.Storage;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;

namespace Fovea.Api.DatasetRepository;

/// <summary>
/// Unpacks the images of an archive into a staging folder, decodes each once to find damaged files, and sets some images aside for
/// validation.
/// </summary>
internal sealed class DatasetImages(StagingFolder staging, DecodingBudget budget, ImageLimits limits)
{
    // Large JPEGs are decoded at a reduced size, whose sides have at least this many pixels. The decoder still reads the whole file, so it
    // finds damage.
    private const int LeastSide = 64;

    /// <summary>
    /// The number of files that are read or decoded at the same time: half of the processors. The others stay free to answer requests.
    /// </summary>
    public static int AtOnce { get; } = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>
    /// Writes each image to part/class/file. If the archive has no validation images, some images of each class are set aside for
    /// validation. If the archive has lists of labels, a list is written for each part.
    /// </summary>
    /// <returns>The images in the order of their paths, the files that are not usable images, and the files that are copies.</returns>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>.</exception>
    public async Task<UnpackedImages> Unpack(DatasetArchive archive, DatasetLayout layout, CancellationToken stop)
    {
        var refused = new ConcurrentBag<RefusedFile>();
        var unpacked = new ConcurrentBag<DatasetImage>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stop };
        await Parallel.ForEachAsync(layout.Images, options, async (candidate, stopped) =>
        {
            try
            {
                var bytes = archive.Read(candidate.Archived);
                await Decode(bytes, stopped);
                var image = new DatasetImage(
                    candidate.Part ?? UploadedDataset.Train,
                    candidate.Folder,
                    candidate.File,
                    Convert.ToHexStringLower(SHA256.HashData(bytes)),
                    candidate.Archived.Path,
                    candidate.Labels);
                Write(image, bytes);
                unpacked.Add(image);
            }
            catch (RefusalException e) when (!StagingFolder.IsOfDisk(e))
            {
                refused.Add(new(candidate.Archived.Path, e.Message));
            }
        });
        var copies = new List<RefusedFile>();
        var ordered = unpacked
            .OrderBy(image => image.Part switch { UploadedDataset.Train => 0, UploadedDataset.Validation => 1, _ => 2 })
            .ThenBy(image => image.Path, StringComparer.Ordinal);
        DatasetImage[] images =
        [
            .. SetAside(Distinct(ordered, copies), layout.IsMultiLabel).OrderBy(image => image.Path, StringComparer.Ordinal),
        ];
        if (layout.IsListed)
        {
            staging.Write(() => ListedImages.Write(staging.Path, images));
        }

        return new(images, [.. refused], copies);
    }

    /// <summary>
    /// Returns the hash of a data set: the SHA-256, in hexadecimal, of the text that <c>sha256sum</c> prints for the data set's files.
    /// </summary>
    public static string Hash(IEnumerable<DatasetImage> images) =>
        Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(images.Select(image => $"{image.Sha256}  {image.Path}\n")))));

    /// <summary>Decodes an image once, to find out whether it is damaged.</summary>
    /// <exception cref="RefusalException">The bytes are not an image, or the image is damaged or too large.</exception>
    public async Task Decode(byte[] bytes, CancellationToken stop)
    {
        using var image = EncodedImage.Open(bytes, limits);
        using var share = await budget.Take(image.BytesToDecode(LeastSide), stop);
        image.Decode(LeastSide);
    }

    private void Write(DatasetImage image, byte[] bytes) => staging.Write(() =>
    {
        var path = Path.Combine(staging.Path, image.Part, image.Folder, image.File);
        FixedFolders.MakeFolder(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
    });

    // Leaves out copies of an image in another class or part. An image in two classes teaches neither class, and a validation image that
    // was also a training image does not show what the model has learned.
    private List<DatasetImage> Distinct(IEnumerable<DatasetImage> images, List<RefusedFile> copies)
    {
        var first = new Dictionary<string, DatasetImage>();
        var distinct = new List<DatasetImage>();
        foreach (var image in images)
        {
            if (first.TryAdd(image.Sha256, image) || first[image.Sha256].Means(image))
            {
                distinct.Add(image);
            }
            else
            {
                File.Delete(Path.Combine(staging.Path, image.Path));
                copies.Add(new(
                    image.Archived,
                    $"The file is the same image as {first[image.Sha256].Archived}; expected each image in only one class and one part."));
            }
        }

        return distinct;
    }

    private List<DatasetImage> SetAside(List<DatasetImage> images, bool isMultiLabel)
    {
        if (images.Any(image => image.Part == UploadedDataset.Validation))
        {
            return images;
        }

        // Images with one class are divided class by class. Combinations of several labels are often unique, so multi-label images are
        // divided together.
        var aside = images.Where(image => image.Part == UploadedDataset.Train)
            .GroupBy(image => isMultiLabel ? "" : image.Labels[0]).SelectMany(same => ValidationShare.Of(same)).ToHashSet();
        return [.. images.Select(image => aside.Contains(image) ? Move(image) : image)];

        DatasetImage Move(DatasetImage image)
        {
            var moved = image with { Part = UploadedDataset.Validation };
            staging.Write(() =>
            {
                FixedFolders.MakeFolder(Path.Combine(staging.Path, moved.Part, moved.Folder));
                File.Move(Path.Combine(staging.Path, image.Path), Path.Combine(staging.Path, moved.Path));
            });
            return moved;
        }
    }
}

/// <summary>The images that were unpacked from an archive, and the files that were left out.</summary>
/// <param name="Images">The images of the data set, in the order of their paths.</param>
/// <param name="Unusable">The files that are not usable images, each with the reason.</param>
/// <param name="Copies">The files that were left out because another file is the same image.</param>
internal sealed record UnpackedImages(
    IReadOnlyList<DatasetImage> Images, IReadOnlyList<RefusedFile> Unusable, IReadOnlyList<RefusedFile> Copies);
