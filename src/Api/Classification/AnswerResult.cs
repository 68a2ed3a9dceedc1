using System.Buffers;
using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Fovea.Api;

/// <summary>An answer as the body of a response. It is written in one go, with its length, which costs a fraction of what a result of any type does.</summary>
internal sealed class AnswerResult(Answer answer, Metrics metrics) : IResult
{
    // Answers are never part of an HTML page, so labels may stay readable.
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? buffer;

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        long start = Stopwatch.GetTimestamp();
        var body = buffer ??= new();
        body.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(body, Json))
        {
            JsonSerializer.Serialize(writer, answer, ApiJson.Default.Answer);
        }

        var response = httpContext.Response;
        (response.ContentType, response.ContentLength) = ("application/json; charset=utf-8", body.WrittenCount);
        response.BodyWriter.Write(body.WrittenSpan);
        metrics.Stage("write", answer.Model, start);
        return Task.CompletedTask;
    }
}
