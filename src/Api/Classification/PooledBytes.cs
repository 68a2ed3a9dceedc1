using System.Buffers;
using System.IO.Pipelines;

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

    /// <summary>Reads to the end of what comes; null as soon as it is longer than <paramref name="most"/> bytes.</summary>
    public static async ValueTask<PooledBytes?> Read(PipeReader reader, int most, long? expected, CancellationToken stop)
    {
        var bytes = new PooledBytes((int)Math.Min(FirstRent, expected ?? FirstRent));
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync(stop);
                bool fits = read.Buffer.Length <= most - bytes.length;
                if (fits)
                {
                    bytes.Append(read.Buffer);
                }

                reader.AdvanceTo(read.Buffer.End);
                if (!fits)
                {
                    break;
                }

                if (read.IsCompleted)
                {
                    return bytes;
                }
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

    private void Append(in ReadOnlySequence<byte> more)
    {
        int all = length + (int)more.Length;
        if (all > buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(all, 2 * length));
            Span.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }

        more.CopyTo(buffer.AsSpan(length));
        length = all;
    }
}
