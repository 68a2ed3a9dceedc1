using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Fovea.Api.Classification;
using Fovea.Api.Serving;
using Fovea.Models.Errors;

namespace Fovea.Api.InferenceProtocol;

/// <summary>Writes the answer to a request to infer: JSON, followed by the outputs that the request asks for as bytes.</summary>
internal sealed class InferResponse
{
    // Answers are never part of an HTML page, so labels need no escaping for HTML.
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ArrayBufferWriter<byte> json = new(), binary = new();
    private readonly ServedModel served;
    private readonly InferOutput output;
    private readonly ModelTensor tensor;
    private readonly bool isBinary;

    /// <summary>Prepares an answer.</summary>
    /// <param name="served">The model that answers.</param>
    /// <param name="request">The request; null for a body without JSON, which is answered in JSON.</param>
    /// <exception cref="RefusalException">The request asks for an output that the model does not have, or for one output twice.</exception>
    public InferResponse(ServedModel served, InferRequest? request)
    {
        (this.served, tensor) = (served, ModelTensor.OutputOf(served.Classifier));
        var outputs = request?.Outputs is { Count: > 0 } wanted ? wanted : [new(tensor.Name, null, null)];
        output = outputs is [var single] && single.Name == tensor.Name ? single
            : throw InferRequestReader.Malformed(
                $"The request asks for the outputs {string.Join(", ", outputs.Select(wanted => wanted.Name))}; "
                    + $"expected {tensor.Name}, once.");
        isBinary = output.IsBinary ?? request?.IsBinary ?? false;
        Id = request?.Id;
    }

    private string? Id { get; }

    /// <summary>Refuses numbers that are not finite if the answer writes them as text. As bytes, any number can be written.</summary>
    /// <param name="logits">The logits of each image.</param>
    /// <exception cref="RefusalException"><c>ErrorCode.NonFiniteOutput</c>.</exception>
    public void RequireWritable(IReadOnlyList<float[]> logits)
    {
        if ((!isBinary || output.Classes is not null) && logits.Any(image => !image.All(IsWritable)))
        {
            throw ImageClassifier.NonFinite(served);
        }

        // A logit of minus infinity becomes a probability of 0.
        bool IsWritable(float logit) => float.IsFinite(logit) || (served.Classifier.GivesProbabilities && float.IsNegativeInfinity(logit));
    }

    /// <summary>Writes the answer.</summary>
    /// <param name="logits">The logits of each image, for which <see cref="RequireWritable"/> was called.</param>
    /// <param name="response">The response to write to.</param>
    /// <param name="stop">Cancels the writing.</param>
    public async Task Write(IReadOnlyList<float[]> logits, HttpResponse response, CancellationToken stop)
    {
        using (var writer = new Utf8JsonWriter(json, Writing))
        {
            bool givesProbabilities = served.Classifier.GivesProbabilities;
            WriteJson(writer, givesProbabilities ? [.. logits.Select(image => Array.ConvertAll(image, MathF.Exp))] : logits);
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
        writer.WriteString("datatype", output.Classes is null ? tensor.Type.Name : "BYTES");
        writer.WriteStartArray("shape");
        foreach (long dimension in output.Classes is null ? tensor.Behind.Prepend(images.Count) : [images.Count, columns])
        {
            writer.WriteNumberValue(dimension);
        }

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
                writer.WriteNumberValue(tensor.Type.Rounded(number));
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
                int bytes = image.Length * tensor.Type.Size;
                tensor.Type.Write(image, binary.GetSpan(bytes)[..bytes]);
                binary.Advance(bytes);
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

    // Returns the highest elements in the form of the classification extension, value:index:label.
    private IEnumerable<string> Highest(float[] image, int count) => image.Index()
        .OrderByDescending(number => number.Item)
        .Take(count)
            .Select(number => string.Create(
                CultureInfo.InvariantCulture, $"{number.Item}:{number.Index}:{served.Classifier.Labels[number.Index]}"));
}
