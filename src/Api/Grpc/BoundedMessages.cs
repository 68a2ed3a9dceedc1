using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Compression;
using System.IO.Pipelines;
using Fovea.Api.Configuration;
using Fovea.Api.InferenceProtocol;
using Fovea.Api.Problems;
using Fovea.Api.Requests;
using Fovea.Models.Errors;
using Microsoft.AspNetCore.Http.Features;

namespace Fovea.Api.Grpc;

/// <summary>
/// Reads the message of a call before Grpc.AspNetCore does, with the same limits as for the body of an HTTP request: its size, its speed,
/// and the memory of its caller's bodies. Compressed messages are decoded within the same limits.
/// </summary>
internal static class BoundedMessages
{
    // A message follows a byte that says whether it is compressed, and four bytes with its length.
    private const int PrefixLength = 5;

    private const string Known = "gzip, deflate";

    /// <summary>Reads the messages of the methods that are marked with <see cref="BoundedMessage"/>. Call this after all checks.</summary>
    public static void UseBoundedMessages(this WebApplication app)
    {
        var bodies = app.Services.GetRequiredService<RequestBodies>();
        int most = app.Services.GetRequiredService<Settings>().MaxRequestBytes;
        app.Use((context, next) => context.GetEndpoint()?.Metadata.GetMetadata<BoundedMessage>() is null
            ? next(context)
            : Read(context, next, bodies, most));
    }

    private static async Task Read(HttpContext context, RequestDelegate next, RequestBodies bodies, int most)
    {
        var request = context.Request;
        context.Features.Set(new CallStart(Stopwatch.GetTimestamp()));
        using var body = await bodies.Read(request, most);
        if (!IsCompressed(body.Span))
        {
            context.Features.Set<IRequestBodyPipeFeature>(new WholeBody(new(body.Memory)));
            await next(context);
            return;
        }

        await using var decoder = Decoder(request.Headers["grpc-encoding"].ToString(), body.Memory[PrefixLength..]);
        request.Body = decoder;
        using var message = await bodies.Read(request, most);
        var prefix = new byte[PrefixLength];
        BinaryPrimitives.WriteInt32BigEndian(prefix.AsSpan(1), message.Length);
        context.Features.Set<IRequestBodyPipeFeature>(new WholeBody(Segment.Join(prefix, message.Memory)));
        await next(context);
    }

    private static bool IsCompressed(ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty)
        {
            throw new FoveaException(ErrorCode.EmptyBody, "The call has no message; expected one.");
        }

        long length = body.Length < PrefixLength ? -1 : BinaryPrimitives.ReadUInt32BigEndian(body[1..]);
        return length != body.Length - PrefixLength || body[0] > 1
            ? throw InferRequest.Malformed(
                $"The body of the call has {body.Length} bytes, which are not one message; expected a byte that is 0 or 1, four bytes with "
                    + "the length of the message, and the message.")
            : body[0] == 1;
    }

    private static DecodedBody Decoder(string encoding, ReadOnlyMemory<byte> bytes)
    {
        var stream = PipeReader.Create(new ReadOnlySequence<byte>(bytes)).AsStream();
        Stream decoder = encoding switch
        {
            "gzip" => new GZipStream(stream, CompressionMode.Decompress),
            "deflate" => new ZLibStream(stream, CompressionMode.Decompress),
            _ => throw new ServiceException(
                ServiceError.UnsupportedMediaType,
                $"The message's grpc-encoding is {ReadableText.Of(encoding)}; expected {Known} or none."),
        };
        return new(decoder, encoding, limit: null);
    }

    private sealed class WholeBody(ReadOnlySequence<byte> bytes) : IRequestBodyPipeFeature
    {
        public PipeReader Reader { get; } = PipeReader.Create(bytes);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public static ReadOnlySequence<byte> Join(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second)
        {
            var end = new Segment { Memory = second, RunningIndex = first.Length };
            return new(new Segment { Memory = first, Next = end }, 0, end, second.Length);
        }
    }
}
