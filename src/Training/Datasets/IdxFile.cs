using System.Buffers.Binary;
using System.IO.Compression;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>
/// An array in the IDX format of MNIST (http://yann.lecun.com/exdb/mnist): two zero bytes, the element type, the number of dimensions, the
/// dimensions as big-endian 32-bit integers, the elements. Only unsigned bytes (type 8) are read.
/// </summary>
internal sealed record IdxFile(int[] Dimensions, byte[] Values)
{
    private const int UnsignedByte = 8;

    /// <summary>Whether the folder holds the file, plain or with .gz behind its name, and under which path.</summary>
    public static bool Exists(string folder, string name, out string path) =>
        File.Exists(path = Path.Combine(folder, name)) || File.Exists(path = Path.Combine(folder, $"{name}.gz"));

    /// <summary>Reads a file, unpacking it where its name ends in .gz.</summary>
    /// <exception cref="FoveaException">It is missing, of another format, or of another length than its header says.</exception>
    public static IdxFile Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            using Stream stream = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
            return Read(path, stream);
        }
        catch (EndOfStreamException)
        {
            throw Bad(path, "ends before its last element; expected the whole file");
        }
        catch (InvalidDataException e)
        {
            throw Bad(path, $"cannot be unpacked: {e.Message.TrimEnd('.')}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Bad(path, $"cannot be read: {e.Message.TrimEnd('.')}");
        }
    }

    private static IdxFile Read(string path, Stream stream)
    {
        Span<byte> word = stackalloc byte[4];
        stream.ReadExactly(word);
        if (word[0] != 0 || word[1] != 0 || word[2] != UnsignedByte || word[3] is 0 or > 4)
        {
            throw Bad(path, $"begins with {Convert.ToHexString(word)}; expected 0000080D with D dimensions, as IDX files of bytes do");
        }

        var dimensions = new int[word[3]];
        foreach (ref int dimension in dimensions.AsSpan())
        {
            stream.ReadExactly(word);
            dimension = BinaryPrimitives.ReadInt32BigEndian(word);
        }

        long size = dimensions.Aggregate(1L, (product, d) => d > 0 && product > 0 && product <= int.MaxValue ? product * d : -1);
        if (size is < 1 or > int.MaxValue)
        {
            throw Bad(path, $"has the dimensions {string.Join(" x ", dimensions)}; expected each at least 1 and less than 2 GiB in all");
        }

        return new IdxFile(dimensions, Elements(path, stream, (int)size));
    }

    // Memory grows with what is really there, so that a header that lies cannot make it grow.
    private static byte[] Elements(string path, Stream stream, int size)
    {
        using var elements = new MemoryStream(Math.Min(size, 1 << 26));
        stream.CopyTo(elements);
        return elements.Length < size ? throw new EndOfStreamException()
            : elements.Length > size ? throw Bad(path, $"goes on after its {size} elements; expected the file to end there")
            : elements.GetBuffer().Length == size ? elements.GetBuffer() : elements.ToArray();
    }

    private static FoveaException Bad(string path, string reason) => new(ErrorCode.BadDataset, $"{path} {reason}.");
}
