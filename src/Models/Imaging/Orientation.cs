namespace Fovea.Models.Imaging;

/// <summary>
/// The mapping of a file's pixels to the upright image: the pixel in column x of row y goes to the index Start + x StepX + y StepY, counted
/// in pixels, row-major.
/// </summary>
/// <param name="Width">The width of the upright image in pixels.</param>
/// <param name="Height">The height of the upright image in pixels.</param>
/// <param name="Start">The index of the file's first pixel in the upright image.</param>
/// <param name="StepX">The difference of the indices, in the upright image, of two horizontal neighbours in the file.</param>
/// <param name="StepY">The difference of the indices, in the upright image, of two vertical neighbours in the file.</param>
internal readonly record struct Orientation(int Width, int Height, int Start, int StepX, int StepY)
{
    /// <summary>
    /// The mapping for an EXIF orientation: 1 is upright, 2 to 4 are mirrored or upside down, and 5 to 8 are on their side, so width and
    /// height are swapped.
    /// </summary>
    /// <param name="tag">The EXIF orientation, 1 to 8. Another number counts as 1.</param>
    /// <param name="width">The width in the file, in pixels.</param>
    /// <param name="height">The height in the file, in pixels.</param>
    public static Orientation Of(int tag, int width, int height)
    {
        int w = width, h = height;
        return tag switch
        {
            2 => new(w, h, w - 1, -1, w),
            3 => new(w, h, (w * h) - 1, -1, -w),
            4 => new(w, h, (h - 1) * w, 1, -w),
            5 => new(h, w, 0, h, 1),
            6 => new(h, w, h - 1, h, -1),
            7 => new(h, w, (w * h) - 1, -h, -1),
            8 => new(h, w, (w - 1) * h, -h, 1),
            _ => new(w, h, 0, 1, w),
        };
    }
}
