namespace Fovea.Models;

/// <summary>
/// Whether a JPEG's markers stand where they may. A decoder conceals what is broken inside compressed data and calls the result a success;
/// damage there often leaves a marker that has no business in it.
/// </summary>
internal static class JpegMarkers
{
    private const byte ProgressiveFrame = 0xC2, StartOfScan = 0xDA, EndOfImage = 0xD9, FirstRestart = 0xD0;

    /// <summary>The first marker out of place, as two hexadecimal digits; null where all are in order, or the file ends early, which the decoder tells.</summary>
    public static string? Misplaced(ReadOnlySpan<byte> file)
    {
        // Segments: FF, a marker, a length of two bytes that counts itself, the data. Compressed data follow a start of scan.
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
                at += Compressed(file[at..], out byte unexpected);
                if (unexpected != 0)
                {
                    return $"FF{unexpected:X2}";
                }
            }
        }

        return null;
    }

    /// <summary>Whether the image comes in several scans, each finer, so that all of it is held before a pixel is known.</summary>
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

    // The length of compressed data: FF stands in them only as FF00 or as a restart marker, of which there are eight in turn.
    private static int Compressed(ReadOnlySpan<byte> data, out byte unexpected)
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
