using Fovea.Models.Graphs;

namespace Fovea.Models.Imaging;

/// <summary>
/// The frame of a JPEG file (ISO/IEC 10918-1, B.2.2), that is its size and components. Records which coefficients the scans contain.
/// </summary>
internal sealed class JpegFrame
{
    private const int Coefficients = 64;

    private readonly int width, height, widest, highest;
    private readonly (byte Id, int Across, int Down)[] components;

    // For each component and coefficient, the number of low bits that no scan contained yet; 255 before the first scan.
    private readonly byte[][] missing;

    private JpegFrame(int width, int height, (byte Id, int Across, int Down)[] components)
    {
        (this.width, this.height, this.components) = (width, height, components);
        (widest, highest) = (components.Max(c => c.Across), components.Max(c => c.Down));
        missing = [.. components.Select(_ => Enumerable.Repeat(byte.MaxValue, Coefficients).ToArray())];
    }

    /// <summary>Whether the scans contain all bits of all coefficients.</summary>
    public bool IsScanned => missing.All(bits => bits.All(bit => bit == 0));

    /// <summary>Reads the data of a start-of-frame segment; <c>null</c> if they are damaged.</summary>
    public static JpegFrame? Read(ReadOnlySpan<byte> data)
    {
        if (data.Length < 6 || data[5] == 0 || data.Length < 6 + (3 * data[5]))
        {
            return null;
        }

        var components = new (byte Id, int Across, int Down)[data[5]];
        for (int i = 0; i < components.Length; i++)
        {
            byte sampling = data[7 + (3 * i)];
            components[i] = (data[6 + (3 * i)], Math.Max(1, sampling >> 4), Math.Max(1, sampling & 15));
        }

        return new((data[3] << 8) | data[4], (data[1] << 8) | data[2], components);
    }

    /// <summary>Records the coefficients that a scan contains.</summary>
    /// <param name="data">
    /// The data of the start-of-scan segment: the components, the first and the last coefficient, and the bit positions.
    /// </param>
    /// <returns>
    /// The number of minimum coded units in the scan, the units in which a restart interval is measured; 1 if the data are damaged.
    /// </returns>
    public int Scan(ReadOnlySpan<byte> data)
    {
        if (data.Length < 1 || data.Length < 4 + (2 * data[0]))
        {
            return 1;
        }

        int count = data[0];
        int first = data[1 + (2 * count)], last = Math.Min((int)data[2 + (2 * count)], Coefficients - 1), low = data[3 + (2 * count)] & 15;
        int one = 0;
        for (int i = 0; i < count; i++)
        {
            byte id = data[1 + (2 * i)];
            one = Array.FindIndex(components, c => c.Id == id);
            for (int k = first; one >= 0 && k <= last; k++)
            {
                missing[one][k] = (byte)low;
            }
        }

        // A scan of one component has only the blocks that the image needs. A scan of several components also has blocks that fill up the
        // last units of each row and column.
        return count != 1 || one < 0
            ? Units(width, 8 * widest) * Units(height, 8 * highest)
            : Units(Units(width * components[one].Across, widest), 8) * Units(Units(height * components[one].Down, highest), 8);
    }

    private static int Units(int size, int unit) => (size + unit - 1) / unit;
}
