using System.Buffers.Binary;
using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text.Json;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// The images of a request to infer: preprocessed, as one tensor, or as image files, to which the model's preprocessing is applied.
/// </summary>
/// <param name="Tensor">[count, C, H, W]; null where there are files.</param>
/// <param name="Files">Image files; null where there is a tensor.</param>
/// <param name="Count">How many there are.</param>
internal sealed record InferImages(float[]? Tensor, IReadOnlyList<ReadOnlyMemory<byte>>? Files, int Count)
{
    private const string Numbers = "FP32", Bytes = "BYTES";

    /// <summary>The images of a request.</summary>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.MalformedRequest"/>: there is not one input, or it does not fit the model.
    /// </exception>
    public static InferImages Of(InferRequest request, InferBody body, Classifier model, int most)
    {
        if (request.Inputs.Select(given => given.Name).Distinct().Count() != request.Inputs.Count || request.Inputs.Any(given => given.Name != model.InputName))
        {
            throw InferRequestReader.Malformed($"The request has the inputs {string.Join(", ", request.Inputs.Select(given => given.Name))}; expected {model.InputName}, once.");
        }

        var input = request.Inputs is [var single] ? single : throw InferRequestReader.Malformed($"The request has no input; expected {model.InputName}.");
        if (input.Data is null == input.BinarySize is null || (input.BinarySize ?? 0) != body.Binary.Length)
        {
            throw InferRequestReader.Malformed($"{input.Name} has {(input.Data is null ? "no data" : "data")} and a binary_data_size of {input.BinarySize ?? 0}, with {body.Binary.Length} bytes behind the JSON; expected either data, or as many bytes as it says.");
        }

        return input.Datatype switch
        {
            Numbers => OfTensor(input, body, model, Batch(input, most, [.. model.Input.ToInt64()])),
            Bytes => OfFiles(input, body, Batch(input, most, input.Shape.Count == 2 ? [1] : [])),
            _ => throw InferRequestReader.Malformed($"{input.Name} has the datatype {input.Datatype}; expected {Numbers}, or {Bytes} for image files."),
        };
    }

    /// <summary>The one image that a body without JSON is.</summary>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.MalformedRequest"/>: it is neither an image file nor as long as the tensor of one image.
    /// </exception>
    public static InferImages OfRaw(ReadOnlyMemory<byte> body, Classifier model) =>
        ImageFormat.Of(body.Span) is not null ? new(null, [body], 1)
        : body.Length == model.Input.Size * sizeof(float) ? new(Finite(MemoryMarshal.Cast<byte, float>(body.Span.ToArray()).ToArray(), model.InputName), null, 1)
        : throw InferRequestReader.Malformed($"The body has {body.Length} bytes and is no image file; expected one, or the {model.Input.Size * sizeof(float)} bytes of one {model.Input} tensor of {Numbers}.");

    private static int Batch(InferInput input, int most, IReadOnlyList<long> behind) =>
        input.Shape.Count == behind.Count + 1 && input.Shape.Skip(1).SequenceEqual(behind) && input.Shape[0] is > 0 && input.Shape[0] <= most
            ? (int)input.Shape[0]
            : throw InferRequestReader.Malformed(string.Create(CultureInfo.InvariantCulture, $"{input.Name} has the shape [{string.Join(", ", input.Shape)}]; expected [{string.Join(", ", behind.Prepend(-1))}] of {input.Datatype}, the first from 1 to {most}."));

    private static InferImages OfTensor(InferInput input, InferBody body, Classifier model, int count)
    {
        long size = count * model.Input.Size;
        if (input.Data is { } place)
        {
            return new(Finite(ReadNumbers(input.Name, body.Json.Span[place..], size), input.Name), null, count);
        }

        RefuseUnless(body.Binary.Length == size * sizeof(float), input.Name, $"{body.Binary.Length} bytes", $"{size * sizeof(float)}");
        var numbers = new float[size];
        body.Binary.Span.CopyTo(MemoryMarshal.AsBytes(numbers.AsSpan()));
        return new(Finite(numbers, input.Name), null, count);
    }

    private static InferImages OfFiles(InferInput input, InferBody body, int count)
    {
        var files = input.Data is { } place ? ReadBase64(input.Name, body.Json.Span[place..], count) : Split(input.Name, body.Binary, count);
        RefuseUnless(files.Count == count, input.Name, $"{files.Count} elements", $"{count}");
        return new(null, files, count);
    }

    // The shape says how many there should be; memory is taken for no more than there are.
    private static float[] ReadNumbers(string name, ReadOnlySpan<byte> json, long size)
    {
        var numbers = new List<float>((int)Math.Min(size, json.Length / 2));
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = RequestJson.MostDepth });
        for (int depth = 0; reader.Read();)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartArray:
                    depth++;
                    break;
                case JsonTokenType.EndArray:
                    depth--;
                    break;
                case JsonTokenType.Number when reader.TryGetSingle(out float number):
                    numbers.Add(number);
                    break;
                default:
                    throw InferRequestReader.Malformed($"The data of {name} holds what is no number; expected numbers, in lists or nested lists.");
            }

            if (depth == 0)
            {
                break;
            }
        }

        RefuseUnless(numbers.Count == size, name, $"{numbers.Count} numbers", $"{size}");
        return [.. numbers];
    }

    private static List<ReadOnlyMemory<byte>> ReadBase64(string name, ReadOnlySpan<byte> json, int count)
    {
        var files = new List<ReadOnlyMemory<byte>>();
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = RequestJson.MostDepth });
        for (int depth = 0; files.Count <= count && reader.Read();)
        {
            depth += reader.TokenType switch
            {
                JsonTokenType.StartArray => 1,
                JsonTokenType.EndArray => -1,
                JsonTokenType.String => 0,
                _ => throw InferRequestReader.Malformed($"The data of {name} holds what is no string; expected image files in base64."),
            };
            if (reader.TokenType == JsonTokenType.String)
            {
                files.Add(reader.TryGetBytesFromBase64(out var file) ? file : throw InferRequestReader.Malformed($"The data of {name} holds a string that is not base64; expected image files in base64."));
            }

            if (depth == 0)
            {
                break;
            }
        }

        return files;
    }

    // Each element behind four bytes that say how long it is.
    private static List<ReadOnlyMemory<byte>> Split(string name, ReadOnlyMemory<byte> binary, int count)
    {
        var files = new List<ReadOnlyMemory<byte>>();
        while (!binary.IsEmpty && files.Count <= count)
        {
            long length = binary.Length < sizeof(uint) ? long.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(binary.Span);
            RefuseUnless(length <= binary.Length - sizeof(uint), name, "an element that ends behind the body", "each to lie behind four bytes with its length");
            files.Add(binary.Slice(sizeof(uint), (int)length));
            binary = binary[(sizeof(uint) + (int)length)..];
        }

        return files;
    }

    private static float[] Finite(float[] numbers, string name) => float.IsFinite(TensorPrimitives.MaxMagnitude<float>(numbers))
        ? numbers
        : throw InferRequestReader.Malformed($"The data of {name} holds a number that is not finite; expected numbers.");

    private static void RefuseUnless(bool holds, string name, string found, string expected)
    {
        if (!holds)
        {
            throw InferRequestReader.Malformed($"The data of {name} has {found}; expected {expected}, as its shape says.");
        }
    }
}
