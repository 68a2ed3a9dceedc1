namespace Fovea.Api.DatasetRepository;

/// <summary>Chooses the images of a class that are used for validation instead of training.</summary>
internal static class ValidationShare
{
    // A fifth of a class, at most 100 images, is enough to compare two models, and leaves most images for training.
    private const double Share = 0.2;
    private const int Most = 100;

    /// <summary>
    /// Returns the images with the lowest hashes: a fifth of the images, at most 100, and at least one if there are two or more. Like a
    /// random choice, this has nothing to do with the contents; but it does not depend on names or order, and copies of an image stay
    /// together.
    /// </summary>
    /// <param name="images">The images of one class.</param>
    /// <param name="already">The number of validation images that the class already has. It counts towards the 100.</param>
    public static IEnumerable<DatasetImage> Of(IEnumerable<DatasetImage> images, int already = 0)
    {
        var ordered = images.OrderBy(image => image.Sha256, StringComparer.Ordinal)
            .ThenBy(image => image.File, StringComparer.Ordinal).ToArray();
        int share = Math.Min(
            Math.Max(0, Most - already), ordered.Length < 2 ? 0 : Math.Max(1, (int)Math.Round(ordered.Length * Share)));
        int together = share == 0 ? 0 : Array.FindLastIndex(ordered, image => image.Sha256 == ordered[share - 1].Sha256) + 1;
        return ordered.Take(together < ordered.Length ? together : share);
    }
}
