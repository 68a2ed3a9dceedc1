using System.Net;

namespace Fovea.Api.Tests.Hosting;

/// <summary>A body with a declared length. It sends one byte and holds back the rest.</summary>
internal sealed class HeldContent(byte[] bytes, Task release) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await stream.WriteAsync(bytes.AsMemory(0, 1));
        await stream.FlushAsync();
        await release;
        await stream.WriteAsync(bytes.AsMemory(1));
    }

    protected override bool TryComputeLength(out long length)
    {
        length = bytes.Length;
        return true;
    }
}
