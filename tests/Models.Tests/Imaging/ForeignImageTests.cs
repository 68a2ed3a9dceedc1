using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Fovea.Models.Errors;
using Fovea.Models.Imaging;
using SkiaSharp;

namespace Fovea.Models.Tests.Imaging;

/// <summary>Images as programs and cameras write them, not as the standards have them.</summary>
public class ForeignImageTests
{
    private static readonly ImageLimits Limits = new();

    private static byte[] Jpeg { get; } = ImageFiles.Encode(ImageFiles.RedBlue(64, 32), SKEncodedImageFormat.Jpeg);

    private static byte[] Png { get; } = ImageFiles.Encode(ImageFiles.RedBlue(64, 32), SKEncodedImageFormat.Png);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Bitmap_whose_alpha_is_0_everywhere_is_opaque(bool topDown)
    {
        var image = ImageDecoder.Decode(Bitmap(topDown, [0, 0]), Limits);
        Assert.Equal<byte>([200, 40, 30, 10, 20, 250], image.Values);
    }

    [Fact]
    public void Bitmap_with_some_alpha_is_composed_over_white() =>
        Assert.Equal<byte>([255, 255, 255, 10, 20, 250], ImageDecoder.Decode(Bitmap(false, [0, 255]), Limits).Values);

    [Fact]
    public void Bytes_between_the_segments_of_a_JPEG_are_skipped()
    {
        var expected = ImageDecoder.Decode(Jpeg, Limits).Values;
        int second = 4 + BinaryPrimitives.ReadUInt16BigEndian(Jpeg.AsSpan(4));
        foreach (byte[] junk in (byte[][])[new byte[7], [1, 2, 3], [0xFF, 0xFF, 0xFF], [0xFF, 0]])
        {
            Assert.Equal(expected, ImageDecoder.Decode((byte[])[.. Jpeg[..second], .. junk, .. Jpeg[second..]], Limits).Values);
        }
    }

    public static TheoryData<string> JpegKinds => new("base", "gray", "restarts", "progressive");

    [Theory, MemberData(nameof(JpegKinds))]
    public void JPEG_without_its_end_is_whole_if_its_picture_is(string kind)
    {
        byte[] file = Kind(kind);
        Assert.Equal<byte>([0xFF, 0xD9], file[^2..]);
        var expected = ImageDecoder.Decode(file, Limits).Values;
        Assert.Equal(expected, ImageDecoder.Decode(file.AsMemory(0, file.Length - 1), Limits).Values);
        Assert.Equal(expected, ImageDecoder.Decode(file.AsMemory(0, file.Length - 2), Limits).Values);
    }

    [Theory, MemberData(nameof(JpegKinds))]
    public void JPEG_that_lacks_any_of_its_picture_is_damaged(string kind)
    {
        byte[] file = Kind(kind);
        for (int length = file.Length - 4; length > 2; length -= length > file.Length - 40 ? 1 : 13)
        {
            var error = Assert.Throws<FoveaException>(() => ImageDecoder.Decode(file.AsMemory(0, length), Limits));
            Assert.Equal(ErrorCode.DamagedImage, error.Code);
        }
    }

    public static TheoryData<string> Oriented => new(
        "JPEG short", "JPEG long", "JPEG long, little-endian", "JPEG byte", "JPEG XMP", "JPEG XMP element", "PNG eXIf", "PNG eXIf long",
        "PNG tEXt", "PNG zTXt",
        "PNG zTXt APP1", "PNG XMP", "PNG XMP packed", "WebP XMP");

    // The left half of the file is red. Orientation 6 turns the picture clockwise, so the upper half is red then.
    [Theory, MemberData(nameof(Oriented))]
    public void Orientation_is_found_where_programs_write_it(string kind)
    {
        var image = ImageDecoder.Decode(WithOrientation(kind), Limits);
        Assert.Equal((32, 64), (image.Width, image.Height));
        Assert.True(ImageDecoderTests.At(image, 16, 8)[0] > 200 && ImageDecoderTests.At(image, 16, 56)[2] > 200);
    }

    [Fact]
    public void Exif_comes_before_XMP_and_damaged_metadata_are_no_error()
    {
        Assert.Equal(64, ImageDecoder.Decode(App1(App1(Jpeg, Xmp()), Exif(3, 1)), Limits).Width);
        Assert.Equal(64, ImageDecoder.Decode(ImageFiles.WithChunk(Png, "zTXt", [.. "Raw profile type exif\0\0"u8, 1, 2, 3]), Limits).Width);
        Assert.Equal(64, ImageDecoder.Decode(ImageFiles.WithChunk(Png, "iTXt", [.. "XML:com.adobe.xmp\0"u8]), Limits).Width);
    }

    [Fact]
    public void Packed_text_of_a_PNG_that_unpacks_to_much_is_not_read_to_its_end()
    {
        byte[] bomb = Zlib(new byte[50_000_000]);
        byte[] file = ImageFiles.WithChunk(Png, "zTXt", [.. "Raw profile type exif\0\0"u8, .. bomb]);
        ImageDecoder.Decode(file, Limits);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(64, ImageDecoder.Decode(file, Limits).Width);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8_000_000);
    }

    public static TheoryData<string, byte[]> Undecodable => new()
    {
        { "an HEIC", [0, 0, 0, 24, .. "ftypheic"u8, 0, 0, 0, 0, .. "mif1heic"u8, 0, 0, 0, 0] },
        { "an HEIC", [0, 0, 0, 24, .. "ftypmif1"u8, 0, 0, 0, 0, .. "mif1heix"u8, 0, 0, 0, 0] },
        { "an AVIF", [0, 0, 0, 28, .. "ftypavif"u8, 0, 0, 0, 0, .. "avifmif1miaf"u8] },
        { "an AVIF", [0, 0, 0, 28, .. "ftypmif1"u8, 0, 0, 0, 0, .. "mif1avifmiaf"u8] },
        { "a TIFF", [.. "II*\0"u8, 8, 0, 0, 0] },
        { "a TIFF", [.. "MM\0*"u8, 0, 0, 0, 8] },
        { "a JPEG XL", [0xFF, 0x0A, 1, 2] },
        { "a JPEG XL", [0, 0, 0, 12, .. "JXL "u8, 13, 10, 0x87, 10] },
        { "a JPEG 2000", [0, 0, 0, 12, .. "jP  "u8, 13, 10, 0x87, 10] },
        { "an SVG", [.. "<?xml version=\"1.0\"?>\n<!-- drawn -->\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>"u8] },
        { "a PDF", [.. "%PDF-1.7\n"u8] },
        { "a PSD", [.. "8BPS\0\u0001"u8] },
    };

    [Theory, MemberData(nameof(Undecodable))]
    public void Format_that_cannot_be_decoded_is_named(string format, byte[] file)
    {
        var error = Assert.Throws<FoveaException>(() => ImageDecoder.Decode(file, Limits));
        Assert.Equal(ErrorCode.NotAnImage, error.Code);
        Assert.Equal($"The image is {format} file, which cannot be decoded; expected a JPEG, PNG, WebP, BMP or GIF file.", error.Message);
    }

    [Theory]
    [InlineData(0xC1, 12, "a JPEG of 12 bits per channel")]
    [InlineData(0xC3, 8, "a lossless JPEG")]
    [InlineData(0xC5, 8, "a hierarchical JPEG")]
    public void Kind_of_JPEG_that_cannot_be_decoded_is_named(int marker, int bits, string kind)
    {
        byte[] file = [.. Jpeg];
        int frame = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        (file[frame + 1], file[frame + 4]) = ((byte)marker, (byte)bits);
        var error = Assert.Throws<FoveaException>(() => ImageDecoder.Decode(file, Limits));
        Assert.Equal(ErrorCode.NotAnImage, error.Code);
        Assert.Equal($"The image is {kind}, which cannot be decoded; expected 8 bits in baseline or progressive form.", error.Message);
    }

    [Fact]
    public void Each_format_has_one_row_with_its_names()
    {
        Assert.Equal(["JPEG", "PNG", "WebP", "BMP", "GIF"], ImageFormat.Names);
        Assert.Equal("JPEG, PNG, WebP, BMP or GIF", ImageFormat.Known);
        Assert.All(ImageFormat.All, format => Assert.Equal(format.Name, ImageFormat.Of(ImageFiles.RedBlue(format.Name))!.Name));
        Assert.True(
            ImageFormat.IsImageName("A.JPeG") && ImageFormat.IsImageName("b.heic") && !ImageFormat.IsImageName(
                "c.txt") && !ImageFormat.IsImageName("jpg"));
    }

    private static byte[] Kind(string kind) => kind == "restarts" ? ImageFiles.JpegWithRestarts : Convert.FromBase64String(
        JpegFiles.Of(kind));

    // Two pixels with a header of version 5, whose masks say where red, green, blue and alpha are.
    private static byte[] Bitmap(bool topDown, byte[] alpha)
    {
        byte[] file = new byte[14 + 124 + 8];
        "BM"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(2), file.Length);
        (file[10], file[14], file[18], file[26], file[28], file[30]) = (138, 124, 2, 1, 32, 3);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(22), topDown ? -1 : 1);
        (file[56], file[59], file[62], file[69]) = (0xFF, 0xFF, 0xFF, 0xFF);
        file.AsSpan(54, 16).Clear();
        (file[56], file[59], file[62], file[69]) = (0xFF, 0xFF, 0xFF, 0xFF);
        "BGRs"u8.CopyTo(file.AsSpan(70));
        byte[] pixels = [30, 40, 200, alpha[0], 250, 20, 10, alpha[1]];
        pixels.CopyTo(file.AsSpan(138));
        return file;
    }

    private static byte[] WithOrientation(string kind) => kind switch
    {
        "JPEG short" => App1(Jpeg, Exif(3, 6)),
        "JPEG long" => App1(Jpeg, Exif(4, 6)),
        "JPEG long, little-endian" => App1(
            Jpeg, [.. "Exif\0\0II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 1, 4, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]),
        "JPEG byte" => App1(Jpeg, Exif(1, 6)),
        "JPEG XMP" => App1(Jpeg, Xmp()),
        "JPEG XMP element" => App1(Jpeg, [.. "http://ns.adobe.com/xap/1.0/\0<x><tiff:Orientation>6</tiff:Orientation></x>"u8]),
        "PNG eXIf" => ImageFiles.WithChunk(Png, "eXIf", Exif(3, 6)[6..]),
        "PNG eXIf long" => ImageFiles.WithChunk(Png, "eXIf", Exif(4, 6)[6..]),
        "PNG tEXt" => ImageFiles.WithChunk(Png, "tEXt", [.. "Raw profile type exif\0"u8, .. Profile("exif", Exif(3, 6))]),
        "PNG zTXt" => ImageFiles.WithChunk(Png, "zTXt", [.. "Raw profile type exif\0\0"u8, .. Zlib(Profile("exif", Exif(4, 6)))]),
        "PNG zTXt APP1" => ImageFiles.WithChunk(Png, "zTXt", [.. "Raw profile type APP1\0\0"u8, .. Zlib(Profile("generic", Exif(3, 6)))]),
        "PNG XMP" => ImageFiles.WithChunk(Png, "iTXt", [.. "XML:com.adobe.xmp\0\0\0\0\0"u8, .. Xmp()]),
        "PNG XMP packed" => ImageFiles.WithChunk(Png, "iTXt", [.. "XML:com.adobe.xmp\0\u0001\0en\0\0"u8, .. Zlib(Xmp())]),
        _ => WebP(),
    };

    private static byte[] Exif(byte type, byte orientation) =>
        [.. "Exif\0\0MM\0*"u8, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, type, 0, 0, 0, 1, .. Value(type, orientation), 0, 0, 0, 0];

    private static byte[] Value(byte type, byte value) =>
        type switch { 1 => [value, 0, 0, 0], 3 => [0, value, 0, 0], _ => [0, 0, 0, value] };

    private static byte[] Xmp() => [.. "http://ns.adobe.com/xap/1.0/\0<rdf:Description tiff:Orientation = \"6\" tiff:Make=\"1\"/>"u8];

    private static byte[] App1(byte[] jpeg, byte[] data) =>
        [0xFF, 0xD8, 0xFF, 0xE1, (byte)((data.Length + 2) >> 8), (byte)(data.Length + 2), .. data, .. jpeg[2..]];

    private static byte[] Profile(string name, byte[] data) => Encoding.ASCII.GetBytes(
        $"\n{name}\n{data.Length,8}\n{string.Join('\n', Convert.ToHexStringLower(data).Chunk(72).Select(line => new string(line)))}\n");

    private static byte[] Zlib(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(bytes);
        }

        return packed.ToArray();
    }

    private static byte[] WebP()
    {
        byte[] webp = ImageFiles.Oriented(ImageFiles.Encode(ImageFiles.RedBlue(64, 32), SKEncodedImageFormat.Webp), "WebP", 1);
        int exif = webp.AsSpan().LastIndexOf("EXIF"u8);
        byte[] xmp = Xmp(),
            body = [.. webp[8..exif], .. "XMP "u8, .. BitConverter.GetBytes(xmp.Length), .. xmp, .. new byte[xmp.Length & 1]];
        body[12] = 4;
        return [.. "RIFF"u8, .. BitConverter.GetBytes(body.Length), .. body];
    }
}
