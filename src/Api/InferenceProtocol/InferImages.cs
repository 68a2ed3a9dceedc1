using System.Buffers.Binary;
using System.Globalization;
using System.Numerics.Tensors;
using System.Text.Json;
using Fovea.Api.Problems;
using Fovea.Api.Requests;
using Fovea.Models.Imaging;
using Fovea.Models.Runtime;

namespace Fovea.Api.InferenceProtocol;

/// <summary>
/// The images of a request to infer: one tensor of preprocessed images, or image files, which the model preprocesses.
/// </summary>
/// <param name="Tensor">The preprocessed images, [count, C, H, W] as they are run; null if there are files.</param>
/// <param name="Files">The image files; null if there is a tensor.</param>
/// <param name="Count">The number of images.</param>
internal sealed record InferImages(float[]? Tensor, IReadOnlyList<ReadOnlyMemory<byte>>? Files, int Count)
{
    private const string Bytes = "BYTES";

    /// <summary>Reads the images of a request.</summary>
    /// <exception cref="ServiceException">
    /// <see cref="ServiceError.MalformedRequest"/>: the request does not have exactly one input, or the input does not fit the model.
    /// </exception>
    public static InferImages Of(InferRequest request, InferBody body, Classifier model, int most)
    {
        var tensor = ModelTensor.InputOf(model);
        var names = request.Inputs.Select(given => given.Name).ToArray();
        if (names.Distinct().Count() != names.Length || names.Any(name => name != tensor.Name))
        {
            throw InferRequestReader.Malformed($"The request has the inputs {string.Join(", ", names)}; expected {tensor.Name}, once.");
        }

        var input = request.Inputs is [var single]
            ? single
            : throw InferRequestReader.Malformed($"The request has no input; expected {tensor.Name}.");
        if (input.Data is null == input.BinarySize is null || (input.BinarySize ?? 0) != body.Binary.Length)
        {
            throw InferRequestReader.Malformed(
                $"{input.Name} has {(input.Data is null ? "no data" : "data")} and a binary_data_size of {input.BinarySize ?? 0}, and "
                    + $"{body.Binary.Length} bytes follow the JSON; expected either data, or as many bytes as binary_data_size says.");
        }

        return input.Datatype == tensor.Type.Name ? OfTensor(input, body, tensor, Batch(input, most, tensor.Behind))
            : input.Datatype == Bytes ? OfFiles(input, body, Batch(input, most, input.Shape.Count == 2 ? [1] : []))
            : throw InferRequestReader.Malformed(
                $"{input.Name} has the datatype {input.Datatype}; expected {tensor.Type.Name}, or {Bytes} for image files.");
    }

    /// <summary>Reads a body without JSON, which is one image.</summary>
    /// <exception cref="ServiceException">
    /// <see cref="ServiceError.MalformedRequest"/>: the body is not an image file and does not have the length of a tensor of one image.
    /// </exception>
    public static InferImages OfRaw(ReadOnlyMemory<byte> body, Classifier model)
    {
        if (ImageFormat.Of(body.Span) is { IsDecoded: true })
        {
            return new(null, [body], 1);
        }

        var tensor = ModelTensor.InputOf(model);
        long bytes = model.Input.Size * tensor.Type.Size;
        return body.Length == bytes ? new(OfBytes(body.Span, tensor), null, 1)
            : ImageFormat.Of(body.Span) is not null ? throw ImageFormat.NotDecoded(body.Span, body.Length)
            : throw InferRequestReader.Malformed(
                $"The body has {body.Length} bytes and is not an image file; expected one, or the {bytes} bytes of one "
                    + $"{new Models.Graphs.Shape([.. tensor.Shape.Skip(1)])} tensor of {tensor.Type.Name}.");
    }

    private static int Batch(InferInput input, int most, IReadOnlyList<long> behind) =>
        input.Shape.Count == behind.Count + 1
            && input.Shape.Skip(1).SequenceEqual(behind)
            && input.Shape[0] is > 0
            && input.Shape[0] <= most
            ? (int)input.Shape[0]
                : throw InferRequestReader.Malformed(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{input.Name} has the shape [{string.Join(", ", input.Shape)}]; expected [{string.Join(", ", behind.Prepend(-1))}] of "
                        + $"{input.Datatype}, the first from 1 to {most}."));

    private static InferImages OfTensor(InferInput input, InferBody body, ModelTensor tensor, int count)
    {
        long size = tensor.Behind.Aggregate((long)count, (product, d) => product * d);
        if (input.Data is { } place)
        {
            var numbers = ReadNumbers(input.Name, tensor.Type, body.Json.Span[place..], size);
            return new(tensor.InOrder(Finite(numbers, input.Name)), null, count);
        }

        RefuseUnless(
            body.Binary.Length == size * tensor.Type.Size, input.Name, $"{body.Binary.Length} bytes", $"{size * tensor.Type.Size}");
        return new(OfBytes(body.Binary.Span, tensor), null, count);
    }

    private static float[] OfBytes(ReadOnlySpan<byte> bytes, ModelTensor tensor)
    {
        var numbers = new float[bytes.Length / tensor.Type.Size];
        tensor.Type.Read(bytes, numbers);
        return tensor.InOrder(Finite(numbers, tensor.Name));
    }

    private static InferImages OfFiles(InferInput input, InferBody body, int count)
    {
        var files = input.Data is { } place
            ? ReadBase64(input.Name, body.Json.Span[place..], count)
            : Split(input.Name, body.Binary, count);
        RefuseUnless(files.Count == count, input.Name, $"{files.Count} elements", $"{count}");
        return new(null, files, count);
    }

    // The shape of the request gives the expected number. Memory is reserved only for as many numbers as the JSON can hold.
    private static float[] ReadNumbers(string name, Datatype type, ReadOnlySpan<byte> json, long size)
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
                    numbers.Add(type.Rounded(number) is var rounded && (rounded == number || !type.IsWhole)
                        ? rounded
                        : throw InferRequestReader.Malformed(string.Create(
                            CultureInfo.InvariantCulture, $"The data of {name} holds {number}; expected numbers of {type.Name}.")));
                    break;
                default:
                    throw InferRequestReader.Malformed(
                        $"The data of {name} holds a {reader.TokenType}; expected numbers, in lists or nested lists.");
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
                _ => throw InferRequestReader.Malformed($"The data of {name} holds a {reader.TokenType}; expected image files in base64."),
            };
            if (reader.TokenType == JsonTokenType.String)
            {
                var text = new byte[reader.ValueSpan.Length + Base64Text.MostPadding];
                using var file = Base64Text.Decode(text, reader.CopyString(text)) ?? throw InferRequestReader.Malformed(
                    $"The data of {name} holds a string that is not base64; expected image files in base64, or data: URLs of them.");
                files.Add(file.Span.ToArray());
            }

            if (depth == 0)
            {
                break;
            }
        }

        return files;
    }

    // Splits the elements of a BYTES tensor. Each element follows four bytes with its length.
    private static List<ReadOnlyMemory<byte>> Split(string name, ReadOnlyMemory<byte> binary, int count)
    {
        var files = new List<ReadOnlyMemory<byte>>();
        while (!binary.IsEmpty && files.Count <= count)
        {
            long length = binary.Length < sizeof(uint) ? long.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(binary.Span);
            RefuseUnless(
                length <= binary.Length - sizeof(uint),
                name,
                "an element that ends after the body",
                "elements that each follow four bytes with their length");
            files.Add(binary.Slice(sizeof(uint), (int)length));
            binary = binary[(sizeof(uint) + (int)length)..];
        }

        return files;
    }

    private static float[] Finite(float[] numbers, string name) => float.IsFinite(TensorPrimitives.MaxMagnitude<float>(numbers))
        ? numbers
        : throw InferRequestReader.Malformed($"The data of {name} holds a number that is not finite; expected finite numbers.");

    private static void RefuseUnless(bool holds, string name, string found, string expected)
    {
        if (!holds)
        {
            throw InferRequestReader.Malformed($"The data of {name} has {found}; expected {expected}, as its shape says.");
        }
    }
}
