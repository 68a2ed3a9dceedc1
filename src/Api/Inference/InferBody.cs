using System.Globalization;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>The body of a request to infer: JSON, and behind it the tensors that are not in the JSON; or one tensor or image alone.</summary>
internal sealed class InferBody : IDisposable
{
    /// <summary>The header that says how long the JSON is.</summary>
    public const string LengthHeader = "Inference-Header-Content-Length";

    private readonly PooledBytes bytes;
    private readonly int jsonLength;

    private InferBody(PooledBytes bytes, int jsonLength) => (this.bytes, this.jsonLength) = (bytes, jsonLength);

    /// <summary>The JSON; empty where there is none.</summary>
    public ReadOnlyMemory<byte> Json => bytes.Memory[..jsonLength];

    /// <summary>What is behind it.</summary>
    public ReadOnlyMemory<byte> Binary => bytes.Memory[jsonLength..];

    /// <summary>Reads a body.</summary>
    /// <exception cref="FoveaException">It is too large, or empty, or shorter than its JSON is said to be.</exception>
    public static async Task<InferBody> Read(HttpRequest request, Settings settings, CancellationToken stop)
    {
        const string What = "The request's body";
        var header = request.Headers[LengthHeader];
        long? said = header.Count == 0 ? null
            : long.TryParse(header.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out long length) ? length
            : throw InferRequestReader.Malformed($"{LengthHeader} is {header}; expected a whole number of bytes.");
        RequestBody.RefuseOver(settings.MaxRequestBytes, What, request.ContentLength);
        var bytes = await PooledBytes.Read(request.BodyReader, settings.MaxRequestBytes, request.ContentLength, stop) ?? throw RequestBody.TooLarge(What, settings.MaxRequestBytes);
        int all = bytes.Memory.Length;
        if (all == 0 || said > all)
        {
            bytes.Dispose();
            throw all == 0 ? new FoveaException(ErrorCode.EmptyBody, "The request has no body; expected a request to infer.") : InferRequestReader.Malformed($"{LengthHeader} is {said} and the body has {all} bytes; expected at most these.");
        }

        return new(bytes, (int)(said ?? all));
    }

    /// <inheritdoc/>
    public void Dispose() => bytes.Dispose();
}
