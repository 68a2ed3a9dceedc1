using System.Buffers;
using System.Numerics;

namespace Fovea.Api.Requests;

/// <summary>Bytes in a buffer that is rented from a pool. Disposing of this object returns the buffer.</summary>
internal sealed class PooledBytes : IDisposable
{
    // The smallest buffer. Buffers grow with the received bytes, not with the announced length. So a client that announces a large body and
    // sends little uses at most this size or twice the bytes that it has sent.
    private const int Least = 4 << 10;

    private readonly BodyBudget.Share? share;
    private byte[] buffer;
    private int length;

    /// <summary>Makes an empty object, to which <see cref="TryAppend"/> adds bytes.</summary>
    /// <param name="share">
    /// The share of the memory budget that the buffer takes; disposed of with this object. Null: the buffer is not counted.
    /// </param>
    public PooledBytes(BodyBudget.Share? share = null) => (this.share, buffer) = (share, []);

    private PooledBytes(int capacity) => buffer = ArrayPool<byte>.Shared.Rent(capacity);

    /// <summary>The number of bytes.</summary>
    public int Length => length;

    /// <summary>The bytes. Do not use them after <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> Memory => buffer.AsMemory(0, length);

    /// <summary>The bytes. Do not use them after <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<byte> Span => buffer.AsSpan(0, length);

    /// <summary>Copies bytes into a rented buffer.</summary>
    public static PooledBytes Copy(in ReadOnlySequence<byte> bytes)
    {
        var copy = new PooledBytes((int)bytes.Length);
        bytes.CopyTo(copy.buffer);
        copy.length = (int)bytes.Length;
        return copy;
    }

    /// <summary>Reads a stream to its end. Returns null as soon as the stream has more than <paramref name="most"/> bytes.</summary>
    public static async Task<PooledBytes?> Read(Stream stream, int most, CancellationToken stop)
    {
        var bytes = new PooledBytes(Least);
        try
        {
            for (int read; (read = await stream.ReadAsync(bytes.buffer.AsMemory(bytes.length), stop)) > 0;)
            {
                bytes.length += read;
                if (bytes.length > most)
                {
                    bytes.Dispose();
                    return null;
                }

                if (bytes.length == bytes.buffer.Length)
                {
                    bytes.Enlarge(2 * bytes.length);
                }
            }

            return bytes;
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    /// <summary>Rents a buffer of at least <paramref name="capacity"/> bytes and lets a function fill it.</summary>
    /// <param name="capacity">The smallest size of the buffer in bytes.</param>
    /// <param name="write">Writes into the buffer, and returns the number of bytes that it has written.</param>
    public static PooledBytes Write(int capacity, Func<byte[], int> write)
    {
        var bytes = new PooledBytes(capacity);
        bytes.length = write(bytes.buffer);
        return bytes;
    }

    /// <summary>Returns a read-only stream of the bytes.</summary>
    public Stream AsStream() => new MemoryStream(buffer, 0, length, writable: false);

    /// <summary>Appends bytes. The buffer grows as bytes arrive.</summary>
    /// <param name="more">The bytes to append.</param>
    /// <param name="whole">The largest possible number of bytes in the end, for example from Content-Length.</param>
    /// <returns>True if the bytes were appended; false if the memory budget has no room for them.</returns>
    public bool TryAppend(in ReadOnlySequence<byte> more, int whole)
    {
        int all = length + (int)more.Length;
        if (all > buffer.Length)
        {
            int wanted = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(all, Math.Min(Math.Max(Least, 2L * length), whole)));
            if (share?.TryTake(wanted - buffer.Length) == false)
            {
                return false;
            }

            Enlarge(wanted);
        }

        more.CopyTo(buffer.AsSpan(length));
        length = all;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
        length = 0;
        share?.Dispose();
    }

    private void Enlarge(int capacity)
    {
        var larger = ArrayPool<byte>.Shared.Rent(capacity);
        Span.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
