using System.Buffers;
using System.Numerics;

namespace Fovea.Api.Requests;

/// <summary>Bytes in a rented buffer. The buffer goes back when they are disposed of.</summary>
internal sealed class PooledBytes : IDisposable
{
    // A client that announces much and sends little costs no more than this and twice what it has sent.
    private const int Least = 4 << 10;

    private readonly BodyBudget.Share? share;
    private byte[] buffer;
    private int length;

    /// <summary>No bytes yet.</summary>
    /// <param name="share">What pays for the buffer; <c>null</c>: nothing does. Disposed of with this.</param>
    public PooledBytes(BodyBudget.Share? share = null) => (this.share, buffer) = (share, []);

    private PooledBytes(int capacity) => buffer = ArrayPool<byte>.Shared.Rent(capacity);

    /// <summary>How many bytes there are.</summary>
    public int Length => length;

    /// <summary>The bytes; not to be used after <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> Memory => buffer.AsMemory(0, length);

    /// <summary>The bytes; not to be used after <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<byte> Span => buffer.AsSpan(0, length);

    /// <summary>A copy of these bytes.</summary>
    public static PooledBytes Copy(in ReadOnlySequence<byte> bytes)
    {
        var copy = new PooledBytes((int)bytes.Length);
        bytes.CopyTo(copy.buffer);
        copy.length = (int)bytes.Length;
        return copy;
    }

    /// <summary>Reads a stream to its end; <c>null</c> as soon as it is longer than <paramref name="most"/> bytes.</summary>
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

    /// <summary>Bytes that <paramref name="write"/> writes into a buffer of at least <paramref name="capacity"/>, and counts.</summary>
    public static PooledBytes Write(int capacity, Func<byte[], int> write)
    {
        var bytes = new PooledBytes(capacity);
        bytes.length = write(bytes.buffer);
        return bytes;
    }

    /// <summary>The bytes as a stream that can only be read.</summary>
    public Stream AsStream() => new MemoryStream(buffer, 0, length, writable: false);

    /// <summary>Appends bytes, in a buffer that grows with what arrives.</summary>
    /// <param name="more">The bytes.</param>
    /// <param name="whole">The most that there will be.</param>
    /// <returns>Whether there is memory for them.</returns>
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
