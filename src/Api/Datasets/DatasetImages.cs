using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>Unpacks the images of an archive into a staging folder, each decoded once, and divides them.</summary>
internal sealed class DatasetImages(StagingFolder staging, DecodingBudget budget, ImageLimits limits)
{
    // Large JPEGs are read to their end, but at a fraction of their size: this side is enough to find damage.
    private const int LeastSide = 64;

    // Enough to tell two models apart, few enough to leave the rest to learn from.
    private const double ValidationShare = 0.2;
    private const int MostValidation = 100;

    // The other processors are left to requests.
    private static readonly int AtOnce = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>Writes those that are images to part/class/file. Where the archive does not divide them, some of each class are set aside for validation.</summary>
    /// <returns>The images in the order of their paths, and the files that are none.</returns>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>.</exception>
    public async Task<(IReadOnlyList<DatasetImage> Images, IReadOnlyList<RefusedFile> Refused)> Unpack(DatasetArchive archive, IReadOnlyList<Candidate> candidates, CancellationToken stop)
    {
        var refused = new ConcurrentBag<RefusedFile>();
        var unpacked = new ConcurrentBag<DatasetImage>();
        await Parallel.ForEachAsync(candidates, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stop }, async (candidate, stopped) =>
        {
            try
            {
                var bytes = archive.Read(candidate.Archived);
                await Decode(bytes, stopped);
                var image = new DatasetImage(candidate.Part ?? Dataset.Train, candidate.Label, candidate.File, Convert.ToHexStringLower(SHA256.HashData(bytes)), candidate.Archived.Path);
                Write(image, bytes);
                unpacked.Add(image);
            }
            catch (FoveaException e) when (e.Code != ErrorCode.CannotWrite)
            {
                refused.Add(new(candidate.Archived.Path, e.Message));
            }
        });
        var images = Distinct(unpacked.OrderBy(image => image.Part switch { Dataset.Train => 0, Dataset.Validation => 1, _ => 2 }).ThenBy(image => image.Path, StringComparer.Ordinal), refused);
        return ([.. SetAside(images).OrderBy(image => image.Path, StringComparer.Ordinal)], [.. refused]);
    }

    /// <summary>SHA-256 over the lines that <c>sha256sum</c> prints of the files, in hexadecimal.</summary>
    public static string Hash(IEnumerable<DatasetImage> images) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(images.Select(image => $"{image.Sha256}  {image.Path}\n")))));

    private async Task Decode(byte[] bytes, CancellationToken stop)
    {
        using var image = EncodedImage.Open(bytes, limits);
        using var share = await budget.Take(image.BytesToDecode(LeastSide), stop);
        image.Decode(LeastSide);
    }

    private void Write(DatasetImage image, byte[] bytes) => staging.Write(() =>
    {
        var path = Path.Combine(staging.Path, image.Part, image.Label, image.File);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
    });

    // The same image in two classes says nothing about either, and one that was learned from nothing about what was learned.
    private List<DatasetImage> Distinct(IEnumerable<DatasetImage> images, ConcurrentBag<RefusedFile> refused)
    {
        var first = new Dictionary<string, DatasetImage>();
        var distinct = new List<DatasetImage>();
        foreach (var image in images)
        {
            if (first.TryAdd(image.Sha256, image) || first[image.Sha256] is var same && (same.Part, same.Label) == (image.Part, image.Label))
            {
                distinct.Add(image);
            }
            else
            {
                File.Delete(Path.Combine(staging.Path, image.Path));
                refused.Add(new(image.Archived, $"It is the same image as {first[image.Sha256].Archived}; expected each in one class and one part only."));
            }
        }

        return distinct;
    }

    // Those whose hashes are lowest: at random, but the same ones whatever they are called and in whatever order they come, and copies stay together.
    private List<DatasetImage> SetAside(List<DatasetImage> images)
    {
        if (images.Any(image => image.Part == Dataset.Validation))
        {
            return images;
        }

        var aside = images.Where(image => image.Part == Dataset.Train).GroupBy(image => image.Label).SelectMany(Share).ToHashSet();
        return [.. images.Select(image => aside.Contains(image) ? Move(image) : image)];

        DatasetImage Move(DatasetImage image)
        {
            var moved = image with { Part = Dataset.Validation };
            staging.Write(() =>
            {
                Directory.CreateDirectory(Path.Combine(staging.Path, moved.Part, moved.Label));
                File.Move(Path.Combine(staging.Path, image.Path), Path.Combine(staging.Path, moved.Path));
            });
            return moved;
        }
    }

    private static IEnumerable<DatasetImage> Share(IEnumerable<DatasetImage> images)
    {
        var ordered = images.OrderBy(image => image.Sha256, StringComparer.Ordinal).ThenBy(image => image.File, StringComparer.Ordinal).ToArray();
        int share = ordered.Length < 2 ? 0 : Math.Clamp((int)Math.Round(ordered.Length * ValidationShare), 1, MostValidation);
        int together = share == 0 ? 0 : Array.FindLastIndex(ordered, image => image.Sha256 == ordered[share - 1].Sha256) + 1;
        return ordered.Take(together < ordered.Length ? together : share);
    }
}

/// <summary>An image of a data set.</summary>
/// <param name="Part">train, val or test.</param>
/// <param name="Label">The class.</param>
/// <param name="File">Its own name.</param>
/// <param name="Sha256">SHA-256 of its bytes, in hexadecimal.</param>
/// <param name="Archived">The path that it had in the archive.</param>
internal sealed record DatasetImage(string Part, string Label, string File, string Sha256, string Archived)
{
    /// <summary>Its path in the data set's folder.</summary>
    public string Path => $"{Part}/{Label}/{File}";
}
