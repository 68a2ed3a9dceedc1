using System.Buffers;
using Fovea.Api.InferenceProtocol;
using Fovea.Api.Problems;
using Google.Protobuf;

namespace Fovea.Api.Grpc;

/// <summary>
/// The bytes of a request's message. The method parses them, because Grpc.AspNetCore would answer a message that cannot be parsed with
/// UNKNOWN and without a reason.
/// </summary>
/// <param name="Bytes">The message, valid until the call is answered.</param>
internal sealed record MessageBytes(ReadOnlySequence<byte> Bytes)
{
    /// <summary>Parses the message.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.MalformedRequest"/>: the bytes are no message of this type.</exception>
    public T Parse<T>(MessageParser<T> parser)
        where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(Bytes);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw InferRequest.Malformed($"The message cannot be parsed as {typeof(T).Name}: {e.Message}", e);
        }
    }
}
