using System.Numerics;

namespace Fovea.Training.DataQuality;

/// <summary>Finds the images of a data set that are copies of each other.</summary>
internal static class CopyGroups
{
    private const int MostSearchedForCrops = 10_000;

    // The largest number of other images with which one image is compared as a cropped copy. A comparison takes up to a millisecond, so
    // 10,000 images take at most about half a minute on two cores.
    private const int MostTriedForCrops = 5;

    /// <summary>
    /// Returns the groups of images that show the same picture: identical pixels, or copies that were scaled or compressed. If there are at
    /// most 10,000 images, cropped or mirrored copies count too.
    /// </summary>
    /// <param name="images">The measures of the images.</param>
    /// <param name="haveSameLabels">
    /// Whether two images have the same labels. Otherwise a mirrored or cropped copy does not count, because left and right may make the
    /// difference, as for arrows.
    /// </param>
    /// <param name="stop">Cancels the search.</param>
    /// <returns>Groups of at least two images, each in ascending order.</returns>
    public static IReadOnlyList<int[]> Of(
        IReadOnlyList<ImageMeasures> images, Func<int, int, bool> haveSameLabels, CancellationToken stop)
    {
        var parent = Enumerable.Range(0, images.Count).ToArray();
        foreach (var same in Enumerable.Range(0, images.Count).GroupBy(i => images[i].Digest))
        {
            int first = same.First();
            foreach (int i in same)
            {
                Join(first, i);
            }
        }

        foreach (var (a, b) in NearPairs(images, haveSameLabels, stop))
        {
            Join(a, b);
        }

        return
        [
            .. Enumerable.Range(0, images.Count).GroupBy(Root).Where(group => group.Skip(1).Any()).Select(group => group.Order().ToArray()),
        ];

        int Root(int i)
        {
            while (parent[i] != i)
            {
                i = parent[i] = parent[parent[i]];
            }

            return i;
        }

        void Join(int a, int b) => parent[Root(b)] = Root(a);
    }

    // Compares all pairs of images. Counting the different bits of a pair takes a nanosecond, so 50,000 images take some seconds. Cropping
    // is tried for about one of a thousand pairs of photos, and takes about a tenth of a millisecond. In sets of pictures that are much
    // alike, such as X-rays, it would be tried for most pairs, so the number for each image is limited.
    private static List<(int A, int B)> NearPairs(
        IReadOnlyList<ImageMeasures> images, Func<int, int, bool> haveSameLabels, CancellationToken stop)
    {
        int[] hashed = [.. Enumerable.Range(0, images.Count).Where(i => images[i].Hash is not null)];
        var hashes = Array.ConvertAll(hashed, i => images[i].Hash!);
        ulong[] bits = Array.ConvertAll(hashes, hash => hash.Bits), mirrored = Array.ConvertAll(hashes, hash => hash.MirroredBits);
        bool searchesCrops = hashed.Length <= MostSearchedForCrops;
        int most = searchesCrops ? PerceptualHash.MostBitsOfCrops : PerceptualHash.MostDifferentBits;
        var pairs = new List<(int, int)>();
        Parallel.For(0, hashed.Length, new ParallelOptions { CancellationToken = stop }, i =>
        {
            int tried = 0;
            for (int j = i + 1; j < bits.Length; j++)
            {
                bool isNear = BitOperations.PopCount(bits[i] ^ bits[j]) <= most
                    || (searchesCrops && BitOperations.PopCount(bits[i] ^ mirrored[j]) <= most);
                if (isNear && (PerceptualHash.AreCopies(hashes[i], hashes[j])
                    || (searchesCrops && haveSameLabels(hashed[i], hashed[j]) && tried++ < MostTriedForCrops
                        && PerceptualHash.AreCutOrMirrored(hashes[i], hashes[j]))))
                {
                    lock (pairs)
                    {
                        pairs.Add((hashed[i], hashed[j]));
                    }
                }
            }
        });
        return pairs;
    }
}
