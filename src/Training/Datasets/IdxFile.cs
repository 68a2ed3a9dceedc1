using System.Buffers.Binary;
using System.IO.Compression;
using Fovea.Models.Errors;

namespace Fovea.Training.Datasets;

/// <summary>
/// An array in the IDX format of MNIST (http://yann.lecun.com/exdb/mnist). The file holds, in this order: two zero bytes; the element type,
/// one byte; the number of dimensions, one byte; the dimensions, big-endian 32-bit integers; the elements. Only element type 8, unsigned
/// byte, is supported.
/// </summary>
/// <param name="Dimensions">The array's dimensions, 1 to 4 numbers of at least 1.</param>
/// <param name="Values">The elements in row-major order.</param>
internal sealed record IdxFile(int[] Dimensions, byte[] Values)
{
    private const int UnsignedByte = 8;

    /// <summary>Whether the folder holds the file, plain or compressed.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">The file's name without <c>.gz</c>.</param>
    /// <param name="path">The path of the file that exists; the plain file wins over the compressed one.</param>
    public static bool Exists(string folder, string name, out string path) =>
        File.Exists(path = Path.Combine(folder, name)) || File.Exists(path = Path.Combine(folder, $"{name}.gz"));

    /// <summary>Reads a file. A file whose name ends in <c>.gz</c> is decompressed.</summary>
    /// <exception cref="FoveaException">The file is missing, has another format, or is shorter or longer than its header says.</exception>
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
            throw Bad(path, $"cannot be decompressed: {e.Message.TrimEnd('.')}; expected a gzip file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Bad(path, $"cannot be read: {FileFailure.Reason(e, path)}; expected an IDX file");
        }
    }

    private static IdxFile Read(string path, Stream stream)
    {
        Span<byte> word = stackalloc byte[4];
        stream.ReadExactly(word);
        if (word[0] != 0 || word[1] != 0 || word[2] != UnsignedByte || word[3] is 0 or > 4)
        {
            throw Bad(path, $"begins with {Convert.ToHexString(word)}; expected 0000080D, where D is the number of dimensions, 1 to 4");
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
            throw Bad(path, $"has the dimensions {string.Join(" x ", dimensions)}; expected each at least 1, and less than 2 GiB in total");
        }

        return new IdxFile(dimensions, Elements(path, stream, (int)size));
    }

    // Memory grows with the bytes that the file really contains, so that a false header cannot allocate gigabytes.
    private static byte[] Elements(string path, Stream stream, int size)
    {
        using var elements = new MemoryStream(Math.Min(size, 1 << 26));
        stream.CopyTo(elements);
        return elements.Length < size ? throw new EndOfStreamException()
            : elements.Length > size ? throw Bad(path, $"has data after its {size} elements; expected the file to end there")
            : elements.GetBuffer().Length == size ? elements.GetBuffer() : elements.ToArray();
    }

    private static FoveaException Bad(string path, string reason) => new(ErrorCode.BadDataset, $"{path} {reason}.");
}
