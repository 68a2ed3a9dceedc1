using System.Buffers.Binary;
using System.Collections.Immutable;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Imaging;

/// <summary>
/// A format of image files. The table contains the formats that can be decoded, and other common formats, so that an error message can name
/// them. A file's format is detected from its first bytes; its name and its declared media type are ignored.
/// </summary>
public sealed class ImageFormat
{
    /// <summary>The number of first bytes of a file from which its format is detected.</summary>
    public const int SignatureBytes = 512;

    private static readonly ImageFormat[] Table =
    [
        // Formats that can be decoded
        new("JPEG", ["image/jpeg"], ["jpg", "jpeg", "jpe", "jfif"], file => file is [0xFF, 0xD8, 0xFF, ..])
        {
            IsDecoded = true, IsScaled = true, Problem = JpegMarkers.Problem, Unsupported = JpegMarkers.Unsupported,
            LacksEnd = JpegMarkers.LacksEnd,
            DecoderBytes = JpegMarkers.DecoderBytes, Orientation = Exif.OfJpeg,
        },
        new("PNG", ["image/png"], ["png"],
            file => file is [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, ..])
        {
            IsDecoded = true, Problem = PngHeader.Problem, DecoderBytes = PngHeader.DecoderBytes, Orientation = Exif.OfPng,
        },
        new("WebP", ["image/webp"], ["webp"], file => file.StartsWith("RIFF"u8) && file.Length >= 12 && file[8..].StartsWith("WEBP"u8))
        {
            IsDecoded = true, Orientation = Exif.OfWebP,
        },
        new("BMP", ["image/bmp", "image/x-ms-bmp"], ["bmp", "dib"], IsBitmap) { IsDecoded = true },
        new("GIF", ["image/gif"], ["gif"], file => file.StartsWith("GIF87a"u8) || file.StartsWith("GIF89a"u8)) { IsDecoded = true },

        // Formats that cannot be decoded; error messages name them
        new("AVIF", ["image/avif"], ["avif", "avifs"], file => HasBrand(file, "avif"u8) || HasBrand(file, "avis"u8)),
        new("HEIC", ["image/heic", "image/heif"], ["heic", "heif", "hif"], IsHeic),
        new("TIFF", ["image/tiff"], ["tif", "tiff"], file => file is [0x49, 0x49, 42 or 43, 0, ..] or [0x4D, 0x4D, 0, 42 or 43, ..]),
        new("JPEG XL", ["image/jxl"], ["jxl"], file => file is [0xFF, 0x0A, ..] || file.StartsWith("\0\0\0\u000CJXL "u8)),
        new("JPEG 2000", ["image/jp2"], ["jp2", "j2k", "jpx"],
            file => file is [0xFF, 0x4F, 0xFF, 0x51, ..] || file.StartsWith("\0\0\0\u000CjP"u8)),
        new("SVG", ["image/svg+xml"], ["svg"], IsSvg),
        new("PDF", ["application/pdf"], ["pdf"], file => file.StartsWith("%PDF-"u8)),
        new("PSD", ["image/vnd.adobe.photoshop"], ["psd"], file => file.StartsWith("8BPS"u8)),
        new("ICO", ["image/x-icon"], ["ico"], file => file is [0, 0, 1, 0, > 0, 0, ..]),
    ];

    private readonly BytesTest isSignature;

    private ImageFormat(string name, ImmutableArray<string> mediaTypes, ImmutableArray<string> extensions, BytesTest isSignature) =>
        (Name, MediaTypes, Extensions, this.isSignature) = (name, mediaTypes, extensions, isSignature);

    internal delegate bool BytesTest(ReadOnlySpan<byte> file);

    internal delegate string? ProblemFinder(ReadOnlySpan<byte> file);

    internal delegate int OrientationReader(ReadOnlySpan<byte> file);

    internal delegate long MemoryBound(ReadOnlySpan<byte> file, long pixels);

    /// <summary>The formats that can be decoded.</summary>
    public static ImmutableArray<ImageFormat> All { get; } = [.. Table.Where(format => format.IsDecoded)];

    /// <summary>The names of the formats that can be decoded.</summary>
    public static ImmutableArray<string> Names { get; } = [.. All.Select(format => format.Name)];

    /// <summary>The names of the formats that can be decoded, as one text for messages.</summary>
    public static string Known { get; } = $"{string.Join(", ", Names[..^1])} or {Names[^1]}";

    /// <summary>The format's name, such as JPEG.</summary>
    public string Name { get; }

    /// <summary>The media types of the format, the most common first.</summary>
    public ImmutableArray<string> MediaTypes { get; }

    /// <summary>The file name extensions, in lower case and without the dot, the most common first.</summary>
    public ImmutableArray<string> Extensions { get; }

    /// <summary>Whether files of the format can be decoded.</summary>
    public bool IsDecoded { get; private init; }

    /// <summary>
    /// Finds damage that the decoder does not report, in a file whose header the decoder accepted. Returns a clause without a full stop, or
    /// <c>null</c> if there is no damage.
    /// </summary>
    internal ProblemFinder Problem { get; private init; } = _ => null;

    /// <summary>
    /// Names the kind of a file that the format allows and the decoder does not know, such as "a lossless JPEG"; <c>null</c> for others.
    /// </summary>
    internal ProblemFinder Unsupported { get; private init; } = _ => null;

    /// <summary>Whether the decoder can decode an image at a reduced size, in a fraction of the time.</summary>
    internal bool IsScaled { get; private init; }

    /// <summary>Whether a file lacks the end marker, although its picture may be complete.</summary>
    internal BytesTest LacksEnd { get; private init; } = _ => false;

    /// <summary>
    /// An upper bound of the memory that the decoder allocates besides the decoded pixels, in bytes. A format that cannot be read in strips
    /// of rows needs a canvas of four bytes per pixel and a copy of it.
    /// </summary>
    internal MemoryBound DecoderBytes { get; private init; } = (_, pixels) => 8 * pixels;

    /// <summary>Reads the EXIF orientation, 1 to 8; 1 if the file has none, or if its metadata are damaged.</summary>
    internal OrientationReader Orientation { get; private init; } = _ => 1;

    /// <summary>The format of a file, even if it cannot be decoded; <c>null</c> if the first bytes match no format in the table.</summary>
    /// <param name="file">The file, or at least its first <see cref="SignatureBytes"/> bytes.</param>
    public static ImageFormat? Of(ReadOnlySpan<byte> file)
    {
        foreach (var format in Table)
        {
            if (format.isSignature(file))
            {
                return format;
            }
        }

        return null;
    }

    /// <summary>Whether a file name has the extension of an image format, including formats that cannot be decoded.</summary>
    public static bool IsImageName(string name)
    {
        var extension = Path.GetExtension(name).TrimStart('.');
        return Table.Any(format => format.MediaTypes[0].StartsWith("image/", StringComparison.Ordinal)
            && format.Extensions.Contains(extension, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>Creates the exception for a file whose format cannot be decoded.</summary>
    /// <param name="file">The file, or at least its first <see cref="SignatureBytes"/> bytes.</param>
    /// <param name="length">The length of the whole file in bytes.</param>
    public static FoveaException NotDecoded(ReadOnlySpan<byte> file, long length) => new(
        ErrorCode.NotAnImage,
        Of(file) is { } format
            ? $"The image is {(format.Name[0] is 'A' or 'H' or 'I' or 'S' ? "an" : "a")} {format.Name} file, which cannot be decoded; "
                + $"expected a {Known} file."
            : $"The {length:N0} bytes are not an image of a known format; expected a {Known} file.");

    // A text file may also begin with "BM". In a BMP, byte 14 begins the length of the header, which is one of these numbers.
    private static bool IsBitmap(ReadOnlySpan<byte> file) =>
        file.StartsWith("BM"u8) && file.Length >= 18
        && BinaryPrimitives.ReadUInt32LittleEndian(file[14..]) is 12 or 16 or 40 or 52 or 56 or 64 or 108 or 124;

    // HEIF and AVIF files begin with a box: its length, the name "ftyp", and a list of brands of four letters. A file with the brand mif1
    // and no brand of AVIF is a HEIF file.
    private static bool HasBrand(ReadOnlySpan<byte> file, ReadOnlySpan<byte> brand)
    {
        if (file.Length < 12 || !file[4..].StartsWith("ftyp"u8))
        {
            return false;
        }

        int end = (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(file), (uint)file.Length);
        for (int at = 8; at + 4 <= end; at += 4)
        {
            if (file[at..].StartsWith(brand))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsHeic(ReadOnlySpan<byte> file) =>
        HasBrand(file, "heic"u8) || HasBrand(file, "heix"u8) || HasBrand(file, "hevc"u8) || HasBrand(file, "heim"u8)
        || HasBrand(file, "heis"u8) || HasBrand(file, "mif1"u8) || HasBrand(file, "msf1"u8);

    // An SVG is XML text. A declaration and comments may come before the element svg.
    private static bool IsSvg(ReadOnlySpan<byte> file)
    {
        var text = file.StartsWith("\uFEFF"u8) ? file[3..] : file;
        text = text.TrimStart(" \t\r\n"u8);
        return text.StartsWith("<"u8) && text.IndexOf("<svg"u8) >= 0;
    }
}
