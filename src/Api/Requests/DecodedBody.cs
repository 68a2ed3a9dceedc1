using Fovea.Api.Problems;
using Microsoft.AspNetCore.Http.Features;

namespace Fovea.Api.Requests;

/// <summary>A request's body behind a decoder. It counts the decoded bytes against the limit of the request.</summary>
/// <param name="decoder">Decodes the body; disposed of with this.</param>
/// <param name="encodings">The encodings, for messages.</param>
/// <param name="limit">The limit of the request, which a route may lift to count by itself; <c>null</c>: none.</param>
internal sealed class DecodedBody(Stream decoder, string encodings, IHttpMaxRequestBodySizeFeature? limit) : ForwardStream
{
    private long decoded;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read;
        try
        {
            read = await decoder.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException)
        {
            throw new ServiceException(
                ServiceError.MalformedRequest,
                $"The body cannot be decoded as {encodings}, its Content-Encoding; expected whole, intact data.",
                e);
        }

        decoded += read;
        if (decoded > limit?.MaxRequestBodySize)
        {
            throw RequestBody.TooLarge("The decoded body", limit.MaxRequestBodySize.Value);
        }

        return read;
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await decoder.DisposeAsync();
        await base.DisposeAsync();
    }
}
