using System.Buffers;
using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using Fovea.Api.Telemetry;

namespace Fovea.Api.Classification;

/// <summary>
/// Writes an answer as the body of a response, in one write and with its Content-Length. ASP.NET's own JSON result takes several times as
/// long.
/// </summary>
internal sealed class AnswerResult(Answer answer, Metrics metrics) : IResult
{
    // JSON answers are never part of an HTML page, so characters of labels such as < and é need not be escaped.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? writer;

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        long start = Stopwatch.GetTimestamp();
        var body = buffer ??= new();
        var json = writer ??= new(body, Options);
        body.ResetWrittenCount();
        json.Reset();
        JsonSerializer.Serialize(json, answer, ClassificationJson.Default.Answer);
        json.Flush();
        var response = httpContext.Response;
        (response.ContentType, response.ContentLength) = ("application/json; charset=utf-8", body.WrittenCount);
        response.BodyWriter.Write(body.WrittenSpan);
        metrics.Stage("write", answer.Model, start);
        return Task.CompletedTask;
    }
}
