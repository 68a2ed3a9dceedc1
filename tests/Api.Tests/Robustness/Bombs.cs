using System.Buffers.Binary;
using Fovea.Models.Graphs;

namespace Fovea.Api.Tests.Robustness;

/// <summary>Makes small files that need much memory or time to decode.</summary>
internal static class Bombs
{
    /// <summary>A PNG of a signature, a valid header, and a first piece of data.</summary>
    public static byte[] PngHeader(int width, int height)
    {
        byte[] header =
        [
            0x89,
            .. "PNG\r\n\u001a\n"u8,
            0,
            0,
            0,
            13,
            .. "IHDR"u8,
            .. new byte[8],
            8,
            2,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            .. new byte[] { 0, 0, 0, 8 },
            .. "IDAT"u8,
            0x78,
            0x9C,
            1,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
        ];
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(16), width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(20), height);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(29), Checksum(header.AsSpan(12, 17)));
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(49), Checksum(header.AsSpan(37, 12)));
        return header;
    }

    // The CRC-32 of PNG, computed bit by bit.
    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (0xEDB88320 & (uint)-(int)(crc & 1));
            }
        }

        return ~crc;
    }

    /// <summary>A GIF with this number of frames of 28 x 28 pixels in two colours.</summary>
    public static byte[] Gif(int frames)
    {
        // Each frame is one run of LZW codes: a clear code before every pixel keeps them three bits long.
        var codes = new List<bool>();
        for (int i = 0; i < 28 * 28; i++)
        {
            Add(4);
            Add(i / 28 % 7 == 3 ? 1 : 0);
        }

        Add(5);
        byte[] data = [.. codes.Chunk(8).Select(bits => (byte)bits.Index().Sum(bit => bit.Item ? 1 << bit.Index : 0))];
        byte[] frame =
        [
            0x21,
            0xF9,
            4,
            0,
            1,
            0,
            0,
            0,
            0x2C,
            0,
            0,
            0,
            0,
            28,
            0,
            28,
            0,
            0,
            2,
            .. data.Chunk(255).SelectMany(block => new[] { (byte)block.Length }.Concat(block)),
            0,
        ];
        return
        [
            .. "GIF89a"u8,
            28,
            0,
            28,
            0,
            0x80,
            0,
            0,
            0,
            0,
            0,
            255,
            255,
            255,
            .. Enumerable.Repeat(frame, frames).SelectMany(bytes => bytes),
            0x3B,
        ];

        void Add(int code)
        {
            for (int bit = 0; bit < 3; bit++)
            {
                codes.Add((code >> bit & 1) != 0);
            }
        }
    }
}
