using System.Collections.Immutable;
using Fovea.Models.Errors;

namespace Fovea.Models.Imaging;

/// <summary>Limits for images. They are checked against the header of a file, before memory for its pixels is allocated.</summary>
/// <param name="Pixels">
/// The largest width times height. Default 50 million. A larger image gives <see cref="ErrorCode.TooManyPixels"/>.
/// </param>
/// <param name="Side">
/// The largest width or height in pixels. Default 16,384. A larger image gives <see cref="ErrorCode.TooManyPixels"/>.
/// </param>
public sealed record ImageLimits(long Pixels = 50_000_000, int Side = 16_384)
{
    /// <summary>
    /// The accepted formats, some of <see cref="ImageFormat.Names"/>. Default: all. Another format gives
    /// <see cref="ErrorCode.NotAnImage"/>.
    /// </summary>
    public ImmutableArray<string> Formats { get; init; } = ImageFormat.Names;

    /// <summary>
    /// The largest number of frames in an animated image; 0 for any number. Default 0. An image with more gives <see
    /// cref="ErrorCode.TooManyFrames"/>. Only the first frame is decoded in any case.
    /// </summary>
    public int Frames { get; init; }

    /// <exception cref="FoveaException">The format is not accepted.</exception>
    internal void CheckFormat(string format)
    {
        if (!Formats.Contains(format, StringComparer.OrdinalIgnoreCase))
        {
            throw new FoveaException(ErrorCode.NotAnImage, $"The image is a {format}; expected {string.Join(", ", Formats)}.");
        }
    }

    /// <param name="format">The image's format.</param>
    /// <param name="codec">The image. Its frames are counted only if there is a limit, because counting scans the whole file.</param>
    /// <exception cref="FoveaException">The image has too many frames.</exception>
    internal void CheckFrames(string format, ImageCodec codec)
    {
        if (Frames > 0 && codec.FrameCount is var frames && frames > Frames)
        {
            throw new FoveaException(ErrorCode.TooManyFrames, $"The {format} has {frames:N0} frames; expected at most {Frames:N0}.");
        }
    }

    /// <exception cref="FoveaException">The image has too many pixels, or a side is too long.</exception>
    internal void CheckSize(string format, int width, int height)
    {
        if (width > Side || height > Side)
        {
            throw new FoveaException(
                ErrorCode.TooManyPixels, $"The {format} is {width:N0} x {height:N0} pixels; expected at most {Side:N0} a side.");
        }

        // Decoding may need an array of four bytes per pixel, and an array has at most Array.MaxLength elements.
        long maximum = Math.Min(Pixels, Array.MaxLength / 4);
        if ((long)width * height > maximum)
        {
            throw new FoveaException(
                ErrorCode.TooManyPixels,
                $"The {format} is {width:N0} x {height:N0} = {(long)width * height:N0} pixels; expected at most {maximum:N0}.");
        }
    }
}
