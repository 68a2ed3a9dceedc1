using System.Buffers;

namespace Fovea.Api;

/// <summary>Bytes in a rented buffer, which goes back when they are disposed of.</summary>
internal sealed class PooledBytes : IDisposable
{
    // What is rented before anything has come: a client that announces 20 MiB and sends nothing costs no more than this.
    private const int FirstRent = 64 << 10;

    private byte[] buffer;
    private int length;

    private PooledBytes(int capacity) => buffer = ArrayPool<byte>.Shared.Rent(capacity);

    /// <summary>The bytes; not to be used after <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> Memory => buffer.AsMemory(0, length);

    /// <summary>The bytes; not to be used after <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<byte> Span => buffer.AsSpan(0, length);

    /// <summary>Reads a stream to its end; null as soon as it is longer than <paramref name="most"/> bytes.</summary>
    public static async ValueTask<PooledBytes?> Read(Stream stream, int most, long? expected, CancellationToken stop)
    {
        var bytes = new PooledBytes((int)Math.Min(FirstRent, expected + 1 ?? FirstRent));
        try
        {
            while (bytes.length <= most)
            {
                int read = await stream.ReadAsync(bytes.Free(), stop);
                if (read == 0)
                {
                    return bytes;
                }

                bytes.length += read;
            }
        }
        catch
        {
            bytes.Dispose();
            throw;
        }

        bytes.Dispose();
        return null;
    }

    /// <summary>Bytes that <paramref name="write"/> writes into a buffer of at least <paramref name="capacity"/>, and counts.</summary>
    public static PooledBytes Write(int capacity, Func<byte[], int> write)
    {
        var bytes = new PooledBytes(capacity);
        bytes.length = write(bytes.buffer);
        return bytes;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
        length = 0;
    }

    private Memory<byte> Free()
    {
        if (length == buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(2 * length);
            buffer.CopyTo(larger, 0);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }

        return buffer.AsMemory(length);
    }
}
