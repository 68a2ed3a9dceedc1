using System.Globalization;
using Fovea.Api.Requests;
using Fovea.Models.Errors;

namespace Fovea.Api.InferenceProtocol;

/// <summary>
/// The body of a request to infer: JSON, followed by the tensors that are not in the JSON; or one tensor or image file alone.
/// </summary>
internal sealed class InferBody : IDisposable
{
    /// <summary>The header with the number of bytes of the JSON.</summary>
    public const string LengthHeader = "Inference-Header-Content-Length";

    private readonly PooledBytes bytes;
    private readonly int jsonLength;

    private InferBody(PooledBytes bytes, int jsonLength) => (this.bytes, this.jsonLength) = (bytes, jsonLength);

    /// <summary>The JSON; empty if the body has none.</summary>
    public ReadOnlyMemory<byte> Json => bytes.Memory[Math.Min(RequestJson.MarkLength(bytes.Span), jsonLength)..jsonLength];

    /// <summary>The bytes that follow the JSON.</summary>
    public ReadOnlyMemory<byte> Binary => bytes.Memory[jsonLength..];

    /// <summary>Reads a body.</summary>
    /// <exception cref="RefusalException">
    /// The body is too large, too slow or empty, or shorter than the declared length of its JSON.
    /// </exception>
    public static async Task<InferBody> Read(HttpRequest request, RequestBodies bodies, int most)
    {
        var header = request.Headers[LengthHeader];
        long? declared = header.Count == 0 ? null
            : long.TryParse(header.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out long length) ? length
            : throw InferRequest.Malformed($"{LengthHeader} is {header}; expected a whole number of bytes.");
        var bytes = await bodies.Read(request, most);
        int all = bytes.Length;
        if (all == 0 || declared > all)
        {
            bytes.Dispose();
            throw all == 0
                ? new FoveaException(ErrorCode.EmptyBody, "The request has no body; expected a request to infer.")
                    : InferRequest.Malformed($"{LengthHeader} is {declared}, but the body has {all} bytes; expected at most {all}.");
        }

        return new(bytes, (int)(declared ?? all));
    }

    /// <inheritdoc/>
    public void Dispose() => bytes.Dispose();
}
