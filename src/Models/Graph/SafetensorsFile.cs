using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Fovea.Models;

/// <summary>
/// Named tensors in the safetensors format (https://github.com/huggingface/safetensors): eight bytes with the length of a JSON header, the header,
/// the tensors' bytes. It has no size limit, unlike an .onnx file.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    private const int LongestHeader = 100_000_000;

    private readonly FileStream file;
    private readonly JsonObject header;
    private readonly long start;

    private SafetensorsFile(FileStream file, JsonObject header, long start) => (this.file, this.header, this.start) = (file, header, start);

    /// <summary>The names of the tensors.</summary>
    public IEnumerable<string> Names => header.Select(entry => entry.Key).Where(name => name != "__metadata__");

    /// <summary>Writes float tensors and text properties; the file is there whole or not at all.</summary>
    /// <exception cref="FoveaException">The file cannot be written.</exception>
    public static void Write(string path, IReadOnlyDictionary<string, string> metadata, IReadOnlyList<(string Name, Tensor Tensor)> tensors) => AtomicFile.Write(path, stream =>
    {
        var header = new JsonObject { ["__metadata__"] = new JsonObject(metadata.Select(m => KeyValuePair.Create(m.Key, (JsonNode?)m.Value))) };
        long offset = 0;
        foreach (var (name, tensor) in tensors)
        {
            header[name] = new JsonObject
            {
                ["dtype"] = tensor.Type == ElementType.Float ? "F32" : throw new ArgumentException($"{name} is {tensor.Type}; only floats are written.", nameof(tensors)),
                ["shape"] = new JsonArray([.. tensor.Shape.Dimensions.Select(d => (JsonNode)d)]),
                ["data_offsets"] = new JsonArray(offset, offset += tensor.ByteLength),
            };
        }

        // The tensors begin at a multiple of eight bytes; spaces after the JSON are allowed.
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
    });

    /// <summary>Opens a file and reads its header.</summary>
    /// <exception cref="FoveaException">The file is missing or of another format.</exception>
    public static SafetensorsFile Open(string path)
    {
        FileStream? file = null;
        try
        {
            file = File.OpenRead(path);
            Span<byte> prefix = stackalloc byte[8];
            file.ReadExactly(prefix);
            long length = BinaryPrimitives.ReadInt64LittleEndian(prefix);
            if (length is < 2 or > LongestHeader || length > file.Length - 8)
            {
                throw new InvalidDataException($"its header would have {length} bytes");
            }

            var json = new byte[length];
            file.ReadExactly(json);
            return new SafetensorsFile(file, JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) as JsonObject ?? throw new InvalidDataException("its header is no JSON object"), 8 + length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or JsonException)
        {
            file?.Dispose();
            throw new FoveaException(ErrorCode.BadModelFile, $"{path} is not a safetensors file that can be read: {e.Message.TrimEnd('.')}.", e);
        }
    }

    /// <summary>A text property; null where there is none of that name.</summary>
    public string? Metadata(string name) => (string?)header["__metadata__"]?[name];

    /// <summary>The tensors' types, shapes and places in the file, in bytes from its start.</summary>
    /// <exception cref="FoveaException">A tensor is described wrongly, or the tensors do not fill the file one after the other.</exception>
    internal IReadOnlyDictionary<string, (ElementType Type, Shape Shape, long Start)> Entries()
    {
        try
        {
            var entries = Names.Select(name => (Name: name, Type: TypeOf(name), Shape: ShapeOf(name), Offsets: OffsetsOf(name))).OrderBy(e => e.Offsets).ToArray();
            long end = 0;
            foreach (var (name, type, shape, (from, to)) in entries)
            {
                if (from != end || to - from != shape.Size * type.SizeOf())
                {
                    throw new InvalidDataException($"{name}, {type}{shape}, is said to take the bytes {from} to {to}; expected {shape.Size * type.SizeOf()} bytes from {end} on");
                }

                end = to;
            }

            return end == file.Length - start
                ? entries.ToDictionary(e => e.Name, e => (e.Type, e.Shape, start + e.Offsets.From))
                : throw new InvalidDataException($"its tensors take {end} bytes, and {file.Length - start} follow the header");
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException or FormatException or OverflowException)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"{file.Name} is not a safetensors file that can be read: {e.Message.TrimEnd('.')}.", e);
        }
    }

    /// <summary>Reads a tensor's bytes into memory of its size.</summary>
    /// <exception cref="FoveaException">There is no such tensor, its size is another, or the file ends before it.</exception>
    public void Read(string name, Span<byte> bytes)
    {
        try
        {
            var offsets = header[name]?["data_offsets"]?.AsArray() ?? throw new InvalidDataException($"it holds no tensor {name}");
            long from = (long)offsets[0]!, to = (long)offsets[1]!;
            if (to - from != bytes.Length || from < 0)
            {
                throw new InvalidDataException($"{name} takes {to - from} bytes; expected {bytes.Length}");
            }

            file.Position = start + from;
            file.ReadExactly(bytes);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or InvalidOperationException or FormatException or ArgumentOutOfRangeException)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"{file.Name} cannot be used: {e.Message.TrimEnd('.')}.", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

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
        var other => throw new InvalidDataException($"{name} is of type {other}; expected one of F32, F16, BF16, F64, I64, I32, I16, I8, U16, U8, BOOL"),
    };

    private Shape ShapeOf(string name) => new([.. Numbers(name, "shape").Select(d => d is >= 0 and <= int.MaxValue ? (int)d : throw new InvalidDataException($"{name} has a dimension of {d}"))]);

    private (long From, long To) OffsetsOf(string name) => Numbers(name, "data_offsets") is [var from, var to] ? (from, to) : throw new InvalidDataException($"{name} has no two offsets");

    private long[] Numbers(string name, string field) => [.. Field(name, field).AsArray().Select(n => n?.GetValue<long>() ?? throw new InvalidDataException($"{field} of {name} is not a list of numbers"))];

    private JsonNode Field(string name, string field) => (header[name] as JsonObject)?[field] ?? throw new InvalidDataException($"{name} has no {field}");
}

[JsonSerializable(typeof(JsonObject))]
internal sealed partial class SafetensorsJson : JsonSerializerContext;
