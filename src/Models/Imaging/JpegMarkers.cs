namespace Fovea.Models.Imaging;

/// <summary>
/// Checks the markers of a JPEG file. Decoders hide errors in compressed data and report success. Such damage often creates a marker at a
/// position where the format does not allow a marker. This class detects such markers.
/// </summary>
internal static class JpegMarkers
{
    private const byte ProgressiveFrame = 0xC2, RestartInterval = 0xDD;

    /// <summary>
    /// Returns a clause that names the first misplaced marker. <c>null</c> if all markers are allowed where they are, or if the file ends
    /// early: the decoder reports that.
    /// </summary>
    public static string? Problem(ReadOnlySpan<byte> file)
    {
        var segments = new JpegSegments(file);
        while (segments.Next())
        {
        }

        return segments.Misplaced == 0 ? null : $"its data are corrupt (marker FF{segments.Misplaced:X2} out of place)";
    }

    /// <summary>Names a kind of JPEG that decoders of the web do not know; <c>null</c> for the common kinds.</summary>
    public static string? Unsupported(ReadOnlySpan<byte> file)
    {
        var segments = new JpegSegments(file, headersOnly: true);
        while (segments.Next())
        {
            if (IsFrame(segments.Marker))
            {
                return segments.Data is [> 8 and var bits, ..] ? $"a JPEG of {bits} bits per channel"
                    : segments.Marker is 0xC3 or 0xC7 or 0xCB or 0xCF ? "a lossless JPEG"
                    : segments.Marker is 0xC5 or 0xC6 or 0xCD or 0xCE ? "a hierarchical JPEG"
                    : null;
            }
        }

        return null;
    }

    /// <summary>Whether a file lacks the marker of the end of the image.</summary>
    public static bool LacksEnd(ReadOnlySpan<byte> file) =>
        !file.EndsWith((ReadOnlySpan<byte>)[0xFF, JpegSegments.EndOfImage]) && !HasEnd(file);

    /// <summary>
    /// The memory of the decoder, in bytes. For a progressive image, it holds three coefficients of two bytes per pixel at the same time.
    /// </summary>
    public static long DecoderBytes(ReadOnlySpan<byte> file, long pixels) =>
        IsProgressive(file) ? 6 * pixels : ImageDecoder.StripBytes;

    /// <summary>
    /// Whether a file contains the beginning of all scans of its image, and all restart markers of the last scan. The data after the last
    /// marker may still be incomplete.
    /// </summary>
    public static bool HasAllScans(ReadOnlySpan<byte> file)
    {
        var segments = new JpegSegments(file);
        JpegFrame? frame = null;
        int interval = 0;
        bool restartsAreThere = true;
        while (segments.Next())
        {
            if (IsFrame(segments.Marker))
            {
                frame = JpegFrame.Read(segments.Data);
            }
            else if (segments.Marker == RestartInterval && segments.Data.Length >= 2)
            {
                interval = (segments.Data[0] << 8) | segments.Data[1];
            }
            else if (segments.Marker == JpegSegments.StartOfScan && frame is not null)
            {
                int blocks = frame.Scan(segments.Data);
                restartsAreThere = interval == 0 || segments.Restarts == (blocks - 1) / interval;
            }
        }

        return frame?.IsScanned == true && restartsAreThere;
    }

    private static bool IsFrame(byte marker) => marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);

    private static bool HasEnd(ReadOnlySpan<byte> file)
    {
        var segments = new JpegSegments(file);
        while (segments.Next())
        {
        }

        return segments.Marker == JpegSegments.EndOfImage;
    }

    // The scans of a progressive file refine the image step by step, so the decoder must hold all coefficients until the last scan.
    private static bool IsProgressive(ReadOnlySpan<byte> file)
    {
        var segments = new JpegSegments(file, headersOnly: true);
        while (segments.Next())
        {
            if (segments.Marker == ProgressiveFrame)
            {
                return true;
            }
        }

        return false;
    }
}
