using Fovea.Api.Problems;
using Microsoft.AspNetCore.Http.Features;

namespace Fovea.Api.Requests;

/// <summary>
/// A stream of a request's decoded body. It counts the decoded bytes, and throws if they exceed the limit of the request.
/// </summary>
/// <param name="decoder">The stream that decodes the body; disposed of with this stream.</param>
/// <param name="encodings">The encodings, for messages.</param>
/// <param name="limit">
/// The size limit of the request. A route may remove it to enforce a limit of its own. Null: no limit.
/// </param>
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
                $"The body cannot be decoded as {encodings}, which its Content-Encoding declares; expected complete, undamaged data.",
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
