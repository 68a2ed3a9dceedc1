using Fovea.Models.Layers;

namespace Fovea.Models.Tests.Imaging;

/// <summary>Writes JPEG files of forms that Skia does not write. Each block of 8 x 8 samples has one random brightness.</summary>
internal sealed class BlockJpeg
{
    private readonly SeededRandom random = new(3);
    private readonly List<byte> data = [];
    private int bits, bitCount;

    /// <summary>Writes a file.</summary>
    /// <param name="width">The width in pixels.</param>
    /// <param name="height">The height in pixels.</param>
    /// <param name="samplings">The sampling factors of each component: the horizontal one times 16, plus the vertical one.</param>
    /// <param name="isProgressive">Whether the file is progressive. Its only scan then has the first coefficients.</param>
    /// <param name="restart">The number of units between restart markers; 0: no markers.</param>
    public static byte[] Of(int width, int height, byte[] samplings, bool isProgressive = false, int restart = 0)
    {
        // All steps are 8, so a first coefficient is a brightness. Each Huffman table has one code, the bit 0: for the first coefficient's
        // difference to the block before, seven bits follow; for the other coefficients, it is the end of the block.
        byte[] steps = [.. Enumerable.Repeat((byte)8, 64)], oneCode = [1, .. new byte[15]];
        byte count = (byte)samplings.Length;
        return
        [
            0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0, .. steps,
            0xFF, (byte)(isProgressive ? 0xC2 : 0xC0), 0, (byte)(8 + (3 * count)), 8,
            (byte)(height >> 8), (byte)height, (byte)(width >> 8), (byte)width, count,
            .. samplings.SelectMany((sampling, i) => new byte[] { (byte)(i + 1), sampling, 0 }),
            0xFF, 0xC4, 0, 20, 0x00, .. oneCode, 7, 0xFF, 0xC4, 0, 20, 0x10, .. oneCode, 0,
            0xFF, 0xDD, 0, 4, 0, (byte)restart,
            0xFF, 0xDA, 0, (byte)(6 + (2 * count)), count, .. samplings.SelectMany((_, i) => new byte[] { (byte)(i + 1), 0 }),
            0, (byte)(isProgressive ? 0 : 63), 0,
            .. new BlockJpeg().Units(width, height, samplings, isProgressive, restart),
            0xFF, 0xD9,
        ];
    }

    private List<byte> Units(int width, int height, byte[] samplings, bool isProgressive, int restart)
    {
        int across = samplings.Max(sampling => sampling >> 4) * 8, down = samplings.Max(sampling => sampling & 15) * 8;
        int units = (width + across - 1) / across * ((height + down - 1) / down);
        int[] before = new int[samplings.Length];
        for (int unit = 0; unit < units; unit++)
        {
            if (restart > 0 && unit > 0 && unit % restart == 0)
            {
                Fill();
                data.AddRange([0xFF, (byte)(0xD0 + (((unit / restart) - 1) % 8))]);
                Array.Clear(before);
            }

            for (int i = 0; i < samplings.Length; i++)
            {
                for (int block = 0; block < (samplings[i] >> 4) * (samplings[i] & 15); block++)
                {
                    int size = (int)random.Uniform(64, 128), difference = before[i] < 0 ? size : -size;
                    before[i] += difference;
                    Add(difference > 0 ? difference : difference + 127, count: 8);
                    Add(0, isProgressive ? 0 : 1);
                }
            }
        }

        Fill();
        return data;
    }

    private void Add(int value, int count)
    {
        for (int bit = count - 1; bit >= 0; bit--)
        {
            bits = (bits << 1) | ((value >> bit) & 1);
            if (++bitCount == 8)
            {
                // A zero byte after 0xFF tells it from a marker.
                data.AddRange(bits == 0xFF ? [0xFF, 0] : [(byte)bits]);
                (bits, bitCount) = (0, 0);
            }
        }
    }

    // Ones fill the last byte.
    private void Fill() => Add(0xFF, bitCount == 0 ? 0 : 8 - bitCount);
}
