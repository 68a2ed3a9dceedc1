
namespace Fovea.Models.Imaging;

/// <summary>
/// Walks through the segments of a JPEG file (ISO/IEC 10918-1, annex B). A segment has the byte FF, a marker, a length of two bytes that
/// counts itself, and the data. Compressed data follow a start of scan. Bytes between segments are skipped, as decoders do.
/// </summary>
/// <param name="file">A file that begins with the marker of a JPEG.</param>
/// <param name="headersOnly">
/// Whether the walk ends before the first scan. Default false: it reads the compressed data too, which are nearly the whole file.
/// </param>
internal ref struct JpegSegments(ReadOnlySpan<byte> file, bool headersOnly = false)
{
    /// <summary>The marker that begins a scan (start of scan).</summary>
    public const byte StartOfScan = 0xDA;

    /// <summary>The marker of the end of the image.</summary>
    public const byte EndOfImage = 0xD9;

    private const byte FirstRestart = 0xD0;

    private readonly ReadOnlySpan<byte> file = file;
    private int at = 2;

    /// <summary>The marker of the segment, the byte after FF.</summary>
    public byte Marker { get; private set; }

    /// <summary>The data of the segment.</summary>
    public ReadOnlySpan<byte> Data { get; private set; }

    /// <summary>The number of restart markers in the compressed data of a start of scan.</summary>
    public int Restarts { get; private set; }

    /// <summary>A marker that the format does not allow at its position; 0 for none.</summary>
    public byte Misplaced { get; private set; }

    /// <summary>
    /// Goes to the next segment. Returns false at the end of the file, after the end of the image, after a misplaced marker, and at the
    /// first scan if only headers are read.
    /// </summary>
    public bool Next()
    {
        if (Marker == EndOfImage || Misplaced != 0)
        {
            return false;
        }

        while (at + 1 < file.Length && (file[at] != 0xFF || file[at + 1] is 0 or 0xFF))
        {
            at++;
        }

        if (at + 1 >= file.Length)
        {
            return false;
        }

        (Marker, Restarts) = (file[at + 1], 0);
        Data = [];
        Misplaced = Marker is < 0xC0 or (>= FirstRestart and <= 0xD8) ? Marker : (byte)0;
        if (Misplaced != 0 || Marker == EndOfImage)
        {
            return true;
        }

        if (at + 4 > file.Length || (headersOnly && Marker == StartOfScan))
        {
            return false;
        }

        int end = Math.Min(file.Length, at + 2 + Math.Max(2, (file[at + 2] << 8) | file[at + 3]));
        Data = file[(at + 4)..Math.Max(at + 4, end)];
        at = end;
        if (Marker == StartOfScan)
        {
            SkipCompressed();
        }

        return true;
    }

    // Skips compressed data. In them, the byte after FF is 00, or FF begins a restart marker. The eight restart markers come in a fixed
    // order, again and again. A restart marker out of order is misplaced.
    private void SkipCompressed()
    {
        while (true)
        {
            int next = file[at..].IndexOf((byte)0xFF);
            if (next < 0 || at + next + 1 >= file.Length)
            {
                at = file.Length;
                return;
            }

            at += next;
            byte marker = file[at + 1];
            if (marker is >= FirstRestart and < FirstRestart + 8)
            {
                if (marker != FirstRestart + (Restarts++ & 7))
                {
                    Misplaced = marker;
                    return;
                }
            }
            else if (marker != 0)
            {
                return;
            }

            at += 2;
        }
    }
}
