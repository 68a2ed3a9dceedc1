using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Graphs;

namespace Fovea.Models.Weights;

/// <summary>
/// Named tensors in the safetensors format (https://github.com/huggingface/safetensors). The file holds the length of a JSON header in
/// eight bytes, the header, and the tensors' bytes. Unlike an .onnx file, it may exceed 2 GiB.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    private const int MaxHeaderLength = 100_000_000;

    private readonly string path;
    private readonly FileStream file;
    private readonly JsonObject header;
    private readonly long start;

    // start is the position in the file of the first tensor's first byte.
    private SafetensorsFile(string path, FileStream file, JsonObject header, long start) =>
        (this.path, this.file, this.header, this.start) = (path, file, header, start);

    /// <summary>The names of the tensors.</summary>
    public IEnumerable<string> Names => header.Select(entry => entry.Key).Where(name => name != "__metadata__");

    /// <summary>Writes float tensors and text properties. If the write fails, an existing file at this path stays unchanged.</summary>
    /// <exception cref="FoveaException">The file cannot be written.</exception>
    public static void Write(
        string path, IReadOnlyDictionary<string, string> metadata, IReadOnlyList<(string Name, Tensor Tensor)> tensors) =>
        AtomicFile.Write(path, stream => Write(stream, metadata, tensors));

    private static void Write(
        Stream stream, IReadOnlyDictionary<string, string> metadata, IReadOnlyList<(string Name, Tensor Tensor)> tensors)
    {
        var texts = metadata.Select(m => KeyValuePair.Create(m.Key, (JsonNode?)m.Value));
        var header = new JsonObject { ["__metadata__"] = new JsonObject(texts) };
        long offset = 0;
        foreach (var (name, tensor) in tensors)
        {
            header[name] = new JsonObject
            {
                ["dtype"] = tensor.Type == ElementType.Float
                    ? "F32"
                    : throw new ArgumentException($"{name} has elements of type {tensor.Type}; expected Float.", nameof(tensors)),
                ["shape"] = new JsonArray([.. tensor.Shape.Dimensions.Select(d => (JsonNode)d)]),
                ["data_offsets"] = new JsonArray(offset, offset += tensor.ByteLength),
            };
        }

        // Pads the JSON with spaces, which the format allows, so that the tensors begin at a multiple of eight bytes.
        var json = JsonSerializer.SerializeToUtf8Bytes(header, SafetensorsJson.Default.JsonObject);
        int padding = -json.Length & 7;
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length + padding);
        stream.Write(length);
        stream.Write(json);
        stream.Write("        "u8[..padding]);
        foreach (var (_, tensor) in tensors)
        {
            stream.Write(tensor.Bytes.Span);
        }
    }

    /// <summary>Opens a file and reads its header. The file stays open until it is disposed.</summary>
    /// <exception cref="FoveaException">The file is missing, cannot be read, or is not a safetensors file.</exception>
    public static SafetensorsFile Open(string path)
    {
        FileStream? file = null;
        try
        {
            file = File.OpenRead(path);
            Span<byte> prefix = stackalloc byte[8];
            file.ReadExactly(prefix);
            long length = BinaryPrimitives.ReadInt64LittleEndian(prefix);
            if (length is < 2 or > MaxHeaderLength || length > file.Length - 8)
            {
                throw new InvalidDataException(
                    $"the length of its header is {length} bytes; expected 2 to {Math.Clamp(file.Length - 8, 2, MaxHeaderLength)}");
            }

            var json = new byte[length];
            file.ReadExactly(json);
            var header = JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) as JsonObject
                ?? throw new InvalidDataException("its header is not a JSON object");
            return new SafetensorsFile(path, file, header, 8 + length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or JsonException)
        {
            file?.Dispose();
            throw Unreadable(path, e);
        }
    }

    /// <summary>The text property with this name; <c>null</c> if the file does not have it.</summary>
    /// <exception cref="FoveaException">The properties are not a JSON object, or the property is not a text.</exception>
    public string? Metadata(string name) => header["__metadata__"] switch
    {
        null => null,
        JsonObject properties => properties[name] switch
        {
            null => null,
            JsonValue value when value.GetValueKind() == JsonValueKind.String => (string?)value,
            _ => throw Unreadable(path, new InvalidDataException($"its property {name} is not a text")),
        },
        _ => throw Unreadable(path, new InvalidDataException("its __metadata__ is not a JSON object")),
    };

    /// <summary>Each tensor's element type, shape and position in the file, in bytes from the start of the file.</summary>
    /// <exception cref="FoveaException">
    /// A tensor's description is invalid, or the tensors do not fill the file without gaps and overlaps.
    /// </exception>
    internal IReadOnlyDictionary<string, (ElementType Type, Shape Shape, long Start)> Entries()
    {
        try
        {
            var entries = Names.Select(name => (Name: name, Type: TypeOf(name), Shape: ShapeOf(name), Offsets: OffsetsOf(name)))
                .OrderBy(e => e.Offsets).ToArray();
            long end = 0;
            foreach (var (name, type, shape, (from, to)) in entries)
            {
                if (from != end || to - from != shape.Size * type.SizeOf())
                {
                    long size = shape.Size * type.SizeOf();
                    throw new InvalidDataException(
                        $"{name}, {type}{shape}, has the offsets {from} to {to}; expected {end} to {end + size}");
                }

                end = to;
            }

            return end == file.Length - start
                ? entries.ToDictionary(e => e.Name, e => (e.Type, e.Shape, start + e.Offsets.From))
                : throw new InvalidDataException($"{file.Length - start} bytes follow its header; expected {end}, the size of its tensors");
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException or FormatException or OverflowException)
        {
            throw Unreadable(path, e);
        }
    }

    /// <summary>Reads a tensor's bytes into <paramref name="bytes"/>, whose length must be the tensor's size in bytes.</summary>
    /// <exception cref="FoveaException">
    /// The file does not have the tensor, the tensor has another size, or the file ends before the end of the tensor.
    /// </exception>
    public void Read(string name, Span<byte> bytes)
    {
        try
        {
            var offsets = header[name]?["data_offsets"]?.AsArray() ?? throw new InvalidDataException($"it has no tensor {name}");
            long from = (long)offsets[0]!, to = (long)offsets[1]!;
            if (to - from != bytes.Length || from < 0)
            {
                throw new InvalidDataException($"{name} has {to - from} bytes; expected {bytes.Length}");
            }

            file.Position = start + from;
            file.ReadExactly(bytes);
        }
        catch (Exception e) when (
            e is IOException or InvalidDataException or InvalidOperationException or FormatException or ArgumentOutOfRangeException)
        {
            throw Unreadable(path, e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private static FoveaException Unreadable(string path, Exception error)
    {
        var reason = error switch
        {
            InvalidDataException => error.Message,
            IOException or UnauthorizedAccessException => FileFailure.Reason(error, path),
            JsonException => "its header is not valid JSON",
            OverflowException => "a size in its header is too large",
            _ => "an entry of its header has another type than the format requires",
        };
        return new(ErrorCode.BadModelFile, $"{path} cannot be read as a safetensors file: {reason}.", error);
    }

    private ElementType TypeOf(string name) => Field(name, "dtype").GetValue<string>() switch
    {
        "F32" => ElementType.Float,
        "F16" => ElementType.Float16,
        "BF16" => ElementType.BFloat16,
        "F64" => ElementType.Double,
        "I64" => ElementType.Int64,
        "I32" => ElementType.Int32,
        "I16" => ElementType.Int16,
        "I8" => ElementType.Int8,
        "U16" => ElementType.UInt16,
        "U8" => ElementType.UInt8,
        "BOOL" => ElementType.Bool,
        var other => throw new InvalidDataException(
            $"the dtype of {name} is {other}; expected one of F32, F16, BF16, F64, I64, I32, I16, I8, U16, U8, BOOL"),
    };

    private Shape ShapeOf(string name) => new([.. Numbers(name, "shape").Select(d => d is >= 0 and <= int.MaxValue
        ? (int)d
        : throw new InvalidDataException($"a dimension of {name} is {d}; expected 0 to {int.MaxValue}"))]);

    private (long From, long To) OffsetsOf(string name) => Numbers(name, "data_offsets") is [var from, var to]
        ? (from, to)
        : throw new InvalidDataException($"data_offsets of {name} does not have two numbers");

    private long[] Numbers(string name, string field) => [.. Field(name, field).AsArray()
        .Select(n => n?.GetValue<long>() ?? throw new InvalidDataException($"{field} of {name} is not a list of numbers"))];

    private JsonNode Field(string name, string field) =>
        (header[name] as JsonObject)?[field] ?? throw new InvalidDataException($"{name} has no {field}");
}

[JsonSerializable(typeof(JsonObject))]
internal sealed partial class SafetensorsJson : JsonSerializerContext;
