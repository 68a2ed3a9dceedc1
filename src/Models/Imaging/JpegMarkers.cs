namespace Fovea.Models;

/// <summary>
/// Checks the markers of a JPEG file. Decoders hide errors in compressed data and report success. Such damage often creates a marker at a
/// position where the format does not allow one, which this class detects.
/// </summary>
internal static class JpegMarkers
{
    private const byte ProgressiveFrame = 0xC2, StartOfScan = 0xDA, EndOfImage = 0xD9, FirstRestart = 0xD0;

    /// <summary>
    /// The first two bytes of the first misplaced marker, as four hexadecimal digits. <c>null</c> if all markers are in place, or if the
    /// file ends early: the decoder reports that.
    /// </summary>
    public static string? Misplaced(ReadOnlySpan<byte> file)
    {
        // A segment has the byte FF, a marker, a length of two bytes that counts itself, and the data. Compressed data follow a start of
        // scan.
        for (int at = 2; at + 4 <= file.Length;)
        {
            byte marker = file[at + 1];
            if (file[at] != 0xFF || marker is < 0xC0 or (>= 0xD0 and <= 0xD8))
            {
                return $"{file[at]:X2}{marker:X2}";
            }

            if (marker == EndOfImage)
            {
                return null;
            }

            if (marker == 0xFF)
            {
                at++;
                continue;
            }

            at += 2 + ((file[at + 2] << 8) | file[at + 3]);
            if (marker == StartOfScan && at < file.Length)
            {
                at += CompressedLength(file[at..], out byte unexpected);
                if (unexpected != 0)
                {
                    return $"FF{unexpected:X2}";
                }
            }
        }

        return null;
    }

    /// <summary>
    /// Whether the file is progressive: its scans refine the image step by step, so the decoder must hold all coefficients until the last
    /// scan.
    /// </summary>
    public static bool IsProgressive(ReadOnlySpan<byte> file)
    {
        for (int at = 2; at + 4 <= file.Length && file[at] == 0xFF && file[at + 1] != StartOfScan;)
        {
            if (file[at + 1] == ProgressiveFrame)
            {
                return true;
            }

            at += file[at + 1] == 0xFF ? 1 : 2 + ((file[at + 2] << 8) | file[at + 3]);
        }

        return false;
    }

    // The length of the compressed data at the start of the given bytes. In compressed data, FF is followed by 00 or is part of a restart
    // marker. There are eight restart markers, which follow each other in turn. A restart marker out of turn is returned as unexpected; 0:
    // none.
    private static int CompressedLength(ReadOnlySpan<byte> data, out byte unexpected)
    {
        int at = 0, restarts = 0;
        unexpected = 0;
        while (true)
        {
            int next = data[at..].IndexOf((byte)0xFF);
            if (next < 0 || at + next + 1 >= data.Length)
            {
                return data.Length;
            }

            at += next;
            byte marker = data[at + 1];
            if (marker is >= FirstRestart and < FirstRestart + 8)
            {
                if (marker != FirstRestart + (restarts++ & 7))
                {
                    unexpected = marker;
                    return at;
                }
            }
            else if (marker != 0)
            {
                return at;
            }

            at += 2;
        }
    }
}
