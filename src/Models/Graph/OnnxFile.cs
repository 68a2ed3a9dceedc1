using System.Buffers;
using Fovea.Models.Onnx;
using Google.Protobuf;

namespace Fovea.Models;

/// <summary>Reads and writes graphs as .onnx files (IR version 8). Weights are neither copied nor held twice on the way.</summary>
public static class OnnxFile
{
    /// <summary>Writes a graph; drawn weights are drawn now. The file is there whole or not at all.</summary>
    /// <exception cref="FoveaException">The file cannot be written, or would pass the 2 GiB that protobuf can hold.</exception>
    public static void Write(Graph graph, string path) => AtomicFile.Write(path, stream => Write(graph, stream));

    /// <summary>Writes a graph to a stream.</summary>
    /// <exception cref="FoveaException">It would pass the 2 GiB that protobuf can hold.</exception>
    public static void Write(Graph graph, Stream stream)
    {
        EnsureFits(graph);
        new OnnxWriter(graph).WriteTo(stream);
    }

    /// <summary>A graph as the bytes of its file, as ONNX Runtime takes it in memory.</summary>
    /// <exception cref="FoveaException">It would pass the 2 GiB that protobuf can hold.</exception>
    public static byte[] ToBytes(Graph graph)
    {
        EnsureFits(graph);
        var writer = new OnnxWriter(graph);
        var bytes = new byte[writer.Length];
        using var stream = new MemoryStream(bytes);
        writer.WriteTo(stream);
        return bytes;
    }

    /// <summary>Reads a graph, its shapes inferred.</summary>
    /// <exception cref="FoveaException">The file is missing, is no ONNX, or is damaged.</exception>
    public static Graph Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"There is no file '{path}'; expected an .onnx file.");
        }

        return Parsing(path, () =>
        {
            // Parsing from mapped memory lets protobuf allocate each tensor once, at its size; from a stream it would collect pieces first.
            using var file = new MappedFile(path);
            return OnnxReader.FromProto(ModelProto.Parser.ParseFrom(new ReadOnlySequence<byte>(file.Memory)));
        });
    }

    /// <summary>Reads a graph from the content of its file, its shapes inferred.</summary>
    /// <param name="content">The content.</param>
    /// <param name="name">What messages call the file.</param>
    /// <exception cref="FoveaException">The content is no ONNX, or is damaged.</exception>
    public static Graph Read(ReadOnlyMemory<byte> content, string name) =>
        Parsing(name, () => OnnxReader.FromProto(ModelProto.Parser.ParseFrom(new ReadOnlySequence<byte>(content))));

    private static Graph Parsing(string path, Func<Graph> parse)
    {
        try
        {
            return parse();
        }
        // Protobuf's exception is an IOException too.
        catch (Exception e) when (e is InvalidProtocolBufferException or OverflowException)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"{path} is not an ONNX file, or is damaged: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"{path} cannot be read: {e.Message.TrimEnd('.')}. Expected an .onnx file.", e);
        }
        catch (FoveaException e)
        {
            throw new FoveaException(e.Code, $"{path}: {e.Message}", e);
        }
    }

    private static void EnsureFits(Graph graph)
    {
        long weights = graph.Initializers.Values.Sum(tensor => tensor.ByteLength);
        if (weights > int.MaxValue - (1 << 20))
        {
            throw new FoveaException(ErrorCode.CannotWrite, $"The weights of {graph.Name} take {weights} bytes; expected less than 2 GiB, which is all that one ONNX file can hold.");
        }
    }
}
