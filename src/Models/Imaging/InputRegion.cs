namespace Fovea.Models.Imaging;

/// <summary>
/// The part of an upright image that a network's input shows, in fractions of the image's width and height: (0, 0) is the top left corner
/// and (1, 1) the bottom right. The part may reach beyond the image, as the frame around a handwritten digit does.
/// </summary>
/// <param name="Left">The left edge.</param>
/// <param name="Top">The top edge.</param>
/// <param name="Right">The right edge, greater than the left one.</param>
/// <param name="Bottom">The bottom edge, greater than the top one.</param>
public readonly record struct InputRegion(double Left, double Top, double Right, double Bottom)
{
    /// <summary>The whole image.</summary>
    public static readonly InputRegion Whole = new(0, 0, 1, 1);
}
