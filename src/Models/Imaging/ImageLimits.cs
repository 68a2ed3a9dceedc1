using System.Collections.Immutable;

namespace Fovea.Models;

/// <summary>What an image may ask of the decoder. It is checked against the header, before any pixel is decoded.</summary>
/// <param name="Pixels">Width times height. Default 50 million; an image over it is refused with <see cref="ErrorCode.TooManyPixels"/>.</param>
/// <param name="Side">Width or height. Default 16,384; an image over it is refused with <see cref="ErrorCode.TooManyPixels"/>.</param>
public sealed record ImageLimits(long Pixels = 50_000_000, int Side = 16_384)
{
    /// <summary>The formats that are decoded: of JPEG, PNG, WebP, BMP and GIF. Default all; another is refused with <see cref="ErrorCode.NotAnImage"/>.</summary>
    public ImmutableArray<string> Formats { get; init; } = ImageFormat.All;

    /// <summary>The frames of an animated image, of which only the first is ever decoded; 0: any number. Default 0. An image over it is refused with <see cref="ErrorCode.TooManyFrames"/>.</summary>
    public int Frames { get; init; }

    internal void CheckFormat(string format)
    {
        if (!Formats.Contains(format, StringComparer.OrdinalIgnoreCase))
        {
            throw new FoveaException(ErrorCode.NotAnImage, $"The image is a {format}, which is not accepted here. Expected {string.Join(", ", Formats)}.");
        }
    }

    /// <param name="format">The image's format.</param>
    /// <param name="count">Counts its frames, for which the whole file is looked through.</param>
    internal void CheckFrames(string format, Func<int> count)
    {
        if (Frames > 0 && count() is var frames && frames > Frames)
        {
            throw new FoveaException(ErrorCode.TooManyFrames, $"The {format} has {frames:N0} frames. Expected at most {Frames:N0}.");
        }
    }

    internal void CheckSize(string format, int width, int height)
    {
        if (width > Side || height > Side)
        {
            throw new FoveaException(ErrorCode.TooManyPixels, $"The {format} is {width:N0} x {height:N0} pixels. Expected at most {Side:N0} a side.");
        }

        // Four bytes a pixel are held while decoding, in one block.
        long most = Math.Min(Pixels, Array.MaxLength / 4);
        if ((long)width * height > most)
        {
            throw new FoveaException(
                ErrorCode.TooManyPixels,
                $"The {format} is {width:N0} x {height:N0} = {(long)width * height:N0} pixels. Expected at most {most:N0}.");
        }
    }
}
