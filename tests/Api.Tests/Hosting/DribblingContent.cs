using System.Net;

namespace Fovea.Api.Tests.Hosting;

/// <summary>A body that is sent in small pieces, without a declared length.</summary>
internal sealed class DribblingContent(byte[] bytes, int piece) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        foreach (var part in bytes.Chunk(piece))
        {
            await stream.WriteAsync(part);
            await stream.FlushAsync();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
