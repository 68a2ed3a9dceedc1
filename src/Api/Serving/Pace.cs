namespace Fovea.Api;

/// <summary>How long an image takes in a lane and spread over all of them, as was measured; and so, on which way it is answered sooner. Not for several threads at once.</summary>
/// <param name="inLane">Seconds an image, in a lane.</param>
/// <param name="spread">Seconds an image, spread; 0 where none is.</param>
internal sealed class Pace(double inLane = 0, double spread = 0)
{
    private double allFree;

    /// <summary>What was measured.</summary>
    public static Pace Of(IReadOnlyList<MeasuredSize> sizes) => new(
        1 / sizes.Where(size => !size.Spread).Min(size => size.ImagesPerSecond), sizes.Where(size => size.Spread).Select(size => 1 / size.ImagesPerSecond).FirstOrDefault());

    /// <summary>Notes a run in a lane that begins.</summary>
    /// <param name="images">Images in it.</param>
    /// <param name="now">The time in seconds, since whenever.</param>
    public void Begin(int images, double now) => allFree = Math.Max(allFree, now + (images * inLane));

    /// <summary>Notes that no lane is taken.</summary>
    public void Rest() => allFree = 0;

    /// <summary>Whether images that wait until all lanes are free, and are then spread over them one after the other, should be done on average before one that takes a lane now.</summary>
    public bool IsSoonerSpread(int images, double now) => spread > 0 && Math.Max(0, allFree - now) + ((images + 1) / 2.0 * spread) < inLane;
}
