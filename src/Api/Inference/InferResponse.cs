using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>Writes the answer to a request to infer: JSON, and behind it the outputs that are wanted so.</summary>
internal sealed class InferResponse
{
    // Part of no HTML page.
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ArrayBufferWriter<byte> json = new(), binary = new();
    private readonly ServedModel served;
    private readonly InferOutput output;
    private readonly bool isBinary;

    /// <param name="served">The model that answers.</param>
    /// <param name="request">What is asked for; null: a body without JSON, which is answered in JSON.</param>
    /// <exception cref="FoveaException">An output is wanted that there is not, or one twice.</exception>
    public InferResponse(ServedModel served, InferRequest? request)
    {
        var model = served.Classifier;
        var outputs = request?.Outputs is { Count: > 0 } wanted ? wanted : [new(model.OutputName, null, null)];
        this.served = served;
        output = outputs is [var single] && single.Name == model.OutputName ? single
            : throw InferRequestReader.Malformed($"The request wants the outputs {string.Join(", ", outputs.Select(wanted => wanted.Name))}; expected {model.OutputName}, once.");
        isBinary = output.IsBinary ?? request?.IsBinary ?? false;
        Id = request?.Id;
    }

    private string? Id { get; }

    /// <summary>Refuses numbers that are to be written as text and are not finite; as bytes, any number can be written.</summary>
    /// <param name="logits">The logits of each image.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.NonFiniteOutput"/>.</exception>
    public void RequireWritable(IReadOnlyList<float[]> logits)
    {
        if ((!isBinary || output.Classes is not null) && logits.Any(image => !image.All(IsWritable)))
        {
            throw ImageClassifier.NonFinite(served);
        }

        // Minus infinity becomes a probability of 0.
        bool IsWritable(float logit) => float.IsFinite(logit) || (served.Classifier.GivesProbabilities && float.IsNegativeInfinity(logit));
    }

    /// <summary>Writes the answer.</summary>
    /// <param name="logits">The logits of each image, for which <see cref="RequireWritable"/> was called.</param>
    /// <param name="response">Where to.</param>
    /// <param name="stop">Ends it.</param>
    public async Task Write(IReadOnlyList<float[]> logits, HttpResponse response, CancellationToken stop)
    {
        using (var writer = new Utf8JsonWriter(json, Writing))
        {
            WriteJson(writer, served.Classifier.GivesProbabilities ? [.. logits.Select(image => Array.ConvertAll(image, MathF.Exp))] : logits);
        }

        response.ContentType = isBinary ? "application/octet-stream" : "application/json";
        response.ContentLength = json.WrittenCount + binary.WrittenCount;
        if (isBinary)
        {
            response.Headers[InferBody.LengthHeader] = json.WrittenCount.ToString(CultureInfo.InvariantCulture);
        }

        await response.Body.WriteAsync(json.WrittenMemory, stop);
        await response.Body.WriteAsync(binary.WrittenMemory, stop);
    }

    private void WriteJson(Utf8JsonWriter writer, IReadOnlyList<float[]> images)
    {
        int columns = Math.Min(output.Classes ?? int.MaxValue, served.Classifier.Classes);
        writer.WriteStartObject();
        writer.WriteString("model_name", served.Name);
        writer.WriteString("model_version", served.Version.ToString(CultureInfo.InvariantCulture));
        if (Id is not null)
        {
            writer.WriteString("id", Id);
        }

        writer.WriteStartArray("outputs");
        writer.WriteStartObject();
        writer.WriteString("name", output.Name);
        writer.WriteString("datatype", output.Classes is null ? "FP32" : "BYTES");
        writer.WriteStartArray("shape");
        writer.WriteNumberValue(images.Count);
        writer.WriteNumberValue(columns);
        writer.WriteEndArray();
        if (isBinary)
        {
            WriteBinary(images, columns);
            writer.WriteStartObject("parameters");
            writer.WriteNumber("binary_data_size", binary.WrittenCount);
            writer.WriteEndObject();
        }
        else
        {
            WriteData(writer, images, columns);
        }

        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private void WriteData(Utf8JsonWriter writer, IReadOnlyList<float[]> images, int columns)
    {
        writer.WriteStartArray("data");
        foreach (var image in images)
        {
            foreach (var label in output.Classes is null ? [] : Highest(image, columns))
            {
                writer.WriteStringValue(label);
            }

            foreach (float number in output.Classes is null ? image : [])
            {
                writer.WriteNumberValue(number);
            }
        }

        writer.WriteEndArray();
    }

    private void WriteBinary(IReadOnlyList<float[]> images, int columns)
    {
        foreach (var image in images)
        {
            if (output.Classes is null)
            {
                binary.Write(MemoryMarshal.AsBytes(image.AsSpan()));
                continue;
            }

            foreach (var label in Highest(image, columns))
            {
                BinaryPrimitives.WriteUInt32LittleEndian(binary.GetSpan(sizeof(uint)), (uint)Encoding.UTF8.GetByteCount(label));
                binary.Advance(sizeof(uint));
                Encoding.UTF8.GetBytes(label, binary);
            }
        }
    }

    // As the classification extension has them: value:index:label.
    private IEnumerable<string> Highest(float[] image, int count) => image.Index().OrderByDescending(number => number.Item).Take(count)
        .Select(number => string.Create(CultureInfo.InvariantCulture, $"{number.Item}:{number.Index}:{served.Classifier.Labels[number.Index]}"));
}
