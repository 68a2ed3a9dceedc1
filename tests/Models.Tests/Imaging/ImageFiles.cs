using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using SkiaSharp;

namespace Fovea.Models.Tests.Imaging;

/// <summary>Creates small image files for tests.</summary>
internal static class ImageFiles
{
    /// <summary>An image whose left half is red and whose right half is blue, which lossy compression changes little.</summary>
    public static byte[] RedBlue(string format) => format switch
    {
        "BMP" => Bitmap(32, 16),
        "GIF" => Gif,
        _ => Encode(RedBlue(32, 16), Enum.Parse<SKEncodedImageFormat>(format, ignoreCase: true)),
    };

    public static SKBitmap RedBlue(int width, int height)
    {
        var bitmap = new SKBitmap(width, height);
        using var canvas = new SKCanvas(bitmap);
        using var red = new SKPaint { Color = SKColors.Red };
        canvas.Clear(SKColors.Blue);
        canvas.DrawRect(0, 0, width / 2, height, red);
        return bitmap;
    }

    public static byte[] Encode(SKBitmap bitmap, SKEncodedImageFormat format)
    {
        using (bitmap)
        {
            using var data = bitmap.Encode(format, 95);
            return data.ToArray();
        }
    }

    /// <summary>A PNG. Each row begins with its filter byte.</summary>
    public static byte[] Png(int width, int height, int bits, int colorType, byte[] rows, params (string Name, byte[] Data)[] chunks)
    {
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = ((byte)bits, (byte)colorType);
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(rows);
        }

        return [
            137, .. "PNG\r\n"u8, 26, 10, .. Chunk("IHDR", header), .. chunks.SelectMany(c => Chunk(c.Name, c.Data)),
            .. Chunk("IDAT", packed.ToArray()), .. Chunk("IEND", [])];
    }

    /// <summary>
    /// A JPEG of 8 x 8 red pixels in CMYK: no cyan, full magenta and yellow, no black. CMYK values in JPEG files are inverted: 255 is no
    /// ink.
    /// </summary>
    public static byte[] CmykRed
    {
        get
        {
            // With quantisation steps of 8, the first coefficient of a block is its brightness minus 128. Each Huffman table has the single
            // code 0. In the DC table it means seven bits, in the AC table the end of the block.
            byte[] steps = [.. Enumerable.Repeat((byte)8, 64)], oneCode = [1, .. new byte[15]];
            // For each of the four channels: the DC code, seven bits for -127 (zeros) or 127 (ones), and the AC code. Ones fill the last
            // byte.
            byte[] data = [0b01111111, 0b00000000, 0b00000000, 0b00001111, 0b11101111];
            return
            [
                0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0, .. steps,
                0xFF, 0xC0, 0, 20, 8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0,
                0xFF, 0xC4, 0, 20, 0x00, .. oneCode, 7, 0xFF, 0xC4, 0, 20, 0x10, .. oneCode, 0,
                0xFF, 0xDA, 0, 14, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0, .. data, 0xFF, 0xD9,
            ];
        }
    }

    /// <summary>A gray JPEG of 24 x 8 pixels, with a restart marker behind each of its blocks but the last.</summary>
    public static byte[] JpegWithRestarts
    {
        get
        {
            // As in CmykRed: the DC code, seven bits for the brightness, and the AC code. Ones fill the last byte.
            byte[] steps = [.. Enumerable.Repeat((byte)8, 64)], oneCode = [1, .. new byte[15]], filled = [0b01111111];
            return
            [
                0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0, .. steps, 0xFF, 0xC0, 0, 11, 8, 0, 8, 0, 24, 1, 1, 0x11, 0, 0xFF, 0xDD, 0, 4, 0, 1,
                0xFF, 0xC4, 0, 20, 0x00, .. oneCode, 7, 0xFF, 0xC4, 0, 20, 0x10, .. oneCode, 0, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0,
                0b01100000, .. filled, 0xFF, 0xD0, 0b00010000, .. filled, 0xFF, 0xD1, 0b01110000, .. filled, 0xFF, 0xD9,
            ];
        }
    }

    /// <summary>EXIF data with the orientation as the only entry.</summary>
    public static byte[] Exif(int orientation) =>
        [.. "MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)orientation, 0, 0, 0, 0, 0, 0];

    /// <summary>Adds an EXIF orientation to a JPEG, PNG or WebP file.</summary>
    public static byte[] Oriented(byte[] file, string format, int orientation)
    {
        byte[] exif = Exif(orientation);
        return format switch
        {
            "JPEG" => [0xFF, 0xD8, 0xFF, 0xE1, 0, (byte)(exif.Length + 8), .. "Exif\0\0"u8, .. exif, .. file[2..]],
            "PNG" => [.. file[..33], .. Chunk("eXIf", exif), .. file[33..]],
            _ => WithExif(file, exif),
        };
    }

    /// <summary>Adds a chunk behind the header of a PNG.</summary>
    public static byte[] WithChunk(byte[] png, string name, byte[] data) => [.. png[..33], .. Chunk(name, data), .. png[33..]];

    // 24 bits per pixel. A positive height means that the bottom row comes first.
    private static byte[] Bitmap(int width, int height)
    {
        byte[] file = new byte[54 + (width * height * 3)];
        "BM"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(2), file.Length);
        (file[10], file[14], file[26], file[28]) = (54, 40, 1, 24);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(18), width);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(22), height);
        for (int i = 0; i < width * height; i++)
        {
            file[54 + (i * 3) + (i % width < width / 2 ? 2 : 0)] = 255;
        }

        return file;
    }

    // The first frame has a red and a blue pixel, the second two green pixels. LZW codes of three bits: clear 4, the pixels, end 5.
    private static byte[] Gif =>
    [
        .. "GIF89a"u8, 2, 0, 1, 0, 0x81, 0, 0, 255, 0, 0, 0, 0, 255, 0, 255, 0, 0, 0, 0,
        .. GifFrame(0, 1), .. GifFrame(2, 2), 0x3B,
    ];

    private static byte[] GifFrame(int left, int right)
    {
        int codes = 4 | (left << 3) | (right << 6) | (5 << 9);
        return [0x21, 0xF9, 4, 0, 10, 0, 0, 0, 0x2C, 0, 0, 0, 0, 2, 0, 1, 0, 0, 2, 2, (byte)codes, (byte)(codes >> 8), 0];
    }

    // Converts a simple WebP file to an extended one: the chunk VP8X with the EXIF flag, the chunk of the image, the chunk EXIF.
    private static byte[] WithExif(byte[] webp, byte[] exif)
    {
        var info = SKBitmap.DecodeBounds(webp);
        byte[] body =
        [
            .. "WEBPVP8X"u8, 10, 0, 0, 0, 8, 0, 0, 0, (byte)(info.Width - 1), 0, 0, (byte)(info.Height - 1), 0, 0,
            .. webp[12..], .. "EXIF"u8, (byte)exif.Length, 0, 0, 0, .. exif,
        ];
        return [.. "RIFF"u8, .. BitConverter.GetBytes(body.Length), .. body];
    }

    private static byte[] Chunk(string name, byte[] data)
    {
        byte[] body = [.. Encoding.ASCII.GetBytes(name), .. data];
        byte[] chunk = [0, 0, 0, 0, .. body, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(chunk.Length - 4), Crc(body));
        return chunk;
    }

    // The CRC-32 of PNG, with the reflected polynomial EDB88320.
    private static uint Crc(byte[] bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
            }
        }

        return ~crc;
    }
}
