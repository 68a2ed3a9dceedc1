using System.IO.Compression;

namespace Fovea.Api.Requests;

/// <summary>
/// Decodes the encoding deflate. RFC 9110 defines it as the zlib format, but some clients leave the zlib header out. The first two bytes
/// show whether the header is present.
/// </summary>
/// <param name="body">The compressed body.</param>
internal sealed class DeflatedBody(Stream body) : ForwardStream
{
    private Stream? decoder;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        decoder ??= await Open(cancellationToken);
        return await decoder.ReadAsync(buffer, cancellationToken);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (decoder is not null)
        {
            await decoder.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    // The zlib header (RFC 1950) has two bytes. The lower half of the first is 8, and both as a big-endian number are a multiple of 31.
    private async Task<Stream> Open(CancellationToken stop)
    {
        var header = new byte[2];
        int length = await body.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, stop);
        var whole = new HeadedStream(header.AsMemory(0, length), body);
        bool isZlib = length == 2 && (header[0] & 15) == 8 && ((header[0] << 8) | header[1]) % 31 == 0;
        return isZlib ? new ZLibStream(whole, CompressionMode.Decompress) : new DeflateStream(whole, CompressionMode.Decompress);
    }

    // A stream that first returns bytes that were already read from another stream, and then the rest of that stream.
    private sealed class HeadedStream(ReadOnlyMemory<byte> head, Stream rest) : ForwardStream
    {
        private ReadOnlyMemory<byte> left = head;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (left.IsEmpty)
            {
                return rest.ReadAsync(buffer, cancellationToken);
            }

            int count = Math.Min(left.Length, buffer.Length);
            left[..count].CopyTo(buffer);
            left = left[count..];
            return new(count);
        }
    }
}
