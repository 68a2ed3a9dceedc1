namespace Fovea.Api.DatasetRepository;

/// <summary>The choice of the images of a class that validate instead of training.</summary>
internal static class ValidationShare
{
    // A fifth of a class, at most 100 images: enough to tell two models apart, and the rest is left to train on.
    private const double Share = 0.2;
    private const int Most = 100;

    /// <summary>
    /// Returns a fifth of the images, at least 1 of 2, at most 100: those with the lowest hashes. The choice is random, but does not depend
    /// on names or order, and copies of an image stay together.
    /// </summary>
    /// <param name="images">The images of one class.</param>
    /// <param name="already">The images of the class that validate already; they count towards the 100.</param>
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
