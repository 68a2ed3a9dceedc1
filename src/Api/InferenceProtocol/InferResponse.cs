using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Fovea.Api.InferenceProtocol;

/// <summary>Writes the answer to a request to infer: JSON, followed by the outputs that the request asks for as bytes.</summary>
/// <param name="answer">The answer to write.</param>
internal sealed class InferResponse(InferAnswer answer)
{
    // Answers are never part of an HTML page, so labels need no escaping for HTML.
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ArrayBufferWriter<byte> json = new(), binary = new();

    /// <summary>Writes the answer.</summary>
    /// <param name="logits">The logits of each image, for which <see cref="InferAnswer.RequireWritable"/> was called.</param>
    /// <param name="response">The response to write to.</param>
    /// <param name="stop">Cancels the writing.</param>
    public async Task Write(IReadOnlyList<float[]> logits, HttpResponse response, CancellationToken stop)
    {
        using (var writer = new Utf8JsonWriter(json, Writing))
        {
            WriteJson(writer, answer.Numbers(logits));
        }

        response.ContentType = answer.IsBinary ? "application/octet-stream" : "application/json";
        response.ContentLength = json.WrittenCount + binary.WrittenCount;
        if (answer.IsBinary)
        {
            response.Headers[InferBody.LengthHeader] = json.WrittenCount.ToString(CultureInfo.InvariantCulture);
        }

        await response.Body.WriteAsync(json.WrittenMemory, stop);
        await response.Body.WriteAsync(binary.WrittenMemory, stop);
    }

    private void WriteJson(Utf8JsonWriter writer, IReadOnlyList<float[]> images)
    {
        writer.WriteStartObject();
        writer.WriteString("model_name", answer.Served.Name);
        writer.WriteString("model_version", answer.Served.Version.ToString(CultureInfo.InvariantCulture));
        if (answer.Id is not null)
        {
            writer.WriteString("id", answer.Id);
        }

        writer.WriteStartArray("outputs");
        writer.WriteStartObject();
        writer.WriteString("name", answer.Name);
        writer.WriteString("datatype", answer.DatatypeName);
        writer.WriteStartArray("shape");
        foreach (long dimension in answer.Shape(images.Count))
        {
            writer.WriteNumberValue(dimension);
        }

        writer.WriteEndArray();
        if (answer.IsBinary)
        {
            answer.WriteBytes(images, binary);
            writer.WriteStartObject("parameters");
            writer.WriteNumber("binary_data_size", binary.WrittenCount);
            writer.WriteEndObject();
        }
        else
        {
            WriteData(writer, images);
        }

        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private void WriteData(Utf8JsonWriter writer, IReadOnlyList<float[]> images)
    {
        writer.WriteStartArray("data");
        foreach (var image in images)
        {
            foreach (var label in answer.IsLabels ? answer.Labels(image) : [])
            {
                writer.WriteStringValue(label);
            }

            foreach (float number in answer.IsLabels ? [] : image)
            {
                writer.WriteNumberValue(answer.Type.Rounded(number));
            }
        }

        writer.WriteEndArray();
    }
}
