namespace Fovea.Models;

/// <summary>
/// Where the pixels of a file go in the upright image: the one in column x of row y goes to Start + x StepX + y StepY, counted in pixels.
/// </summary>
/// <param name="Width">Pixels in a row of the upright image.</param>
/// <param name="Height">Its rows.</param>
/// <param name="Start">Where the file's first pixel goes.</param>
/// <param name="StepX">How far its right neighbour lies from a pixel.</param>
/// <param name="StepY">How far the one below lies from it.</param>
internal readonly record struct Orientation(int Width, int Height, int Start, int StepX, int StepY)
{
    /// <summary>The placement for EXIF's orientation tag: 1 is upright, 2 to 4 are flips, 5 to 8 turns that exchange width and height.</summary>
    /// <param name="tag">1 to 8; anything else counts as 1.</param>
    /// <param name="width">Pixels in a row of the file.</param>
    /// <param name="height">Rows of the file.</param>
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
