using System.Buffers;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Onnx;
using Google.Protobuf;

namespace Fovea.Models.Graphs;

/// <summary>
/// Reads and writes graphs as .onnx files (IR version 8). Reading holds each weight in memory once; writing streams the weights without
/// copying them.
/// </summary>
public static class OnnxFile
{
    private static readonly MessageParser<ModelOutline> Outlines = ModelOutline.Parser.WithDiscardUnknownFields(true);

    /// <summary>
    /// Writes a graph to a file. Initial weights that were not drawn yet are drawn now. If the write fails, an existing file at this path
    /// stays unchanged.
    /// </summary>
    /// <exception cref="FoveaException">The file cannot be written, or the graph exceeds protobuf's limit of 2 GiB.</exception>
    public static void Write(Graph graph, string path) => AtomicFile.Write(path, stream => Write(graph, stream));

    /// <summary>Writes a graph to a stream, which stays open.</summary>
    /// <exception cref="FoveaException">The graph exceeds protobuf's limit of 2 GiB.</exception>
    public static void Write(Graph graph, Stream stream)
    {
        EnsureFits(graph);
        new OnnxWriter(graph).WriteTo(stream);
    }

    /// <summary>Returns the bytes of a graph's file, from which ONNX Runtime can open a session without a file on disk.</summary>
    /// <exception cref="FoveaException">The graph exceeds protobuf's limit of 2 GiB.</exception>
    public static byte[] ToBytes(Graph graph)
    {
        EnsureFits(graph);
        var writer = new OnnxWriter(graph);
        var bytes = new byte[writer.Length];
        using var stream = new MemoryStream(bytes);
        writer.WriteTo(stream);
        return bytes;
    }

    /// <summary>
    /// Returns the bytes of a file for a graph that was made from another file. The bytes do not contain the large weights that are also in
    /// the other file: they refer to that file by its name. Small weights are in the bytes: ONNX Runtime may read a weight in the mapped
    /// file as long as a session is open, except the weights of convolutions and matrix products, which it reorders when it opens the file.
    /// </summary>
    /// <param name="path">The path of the other file.</param>
    /// <param name="change">Makes the graph from the graph in the other file. Returns <c>null</c> if it makes no graph.</param>
    /// <param name="leastReferred">The least size in bytes of a weight to which the bytes refer.</param>
    /// <returns>The bytes; <c>null</c> if <paramref name="change"/> returns no graph.</returns>
    /// <exception cref="FoveaException">The file is missing, cannot be read, is not an ONNX file, or is damaged.</exception>
    internal static byte[]? Changed(string path, Func<Graph, Graph?> change, int leastReferred = 1 << 20)
    {
        var original = Read(path);
        if (change(original) is not { } changed)
        {
            return null;
        }

        using var file = new MappedFile(path);
        var places = RawDataPlaces.Find(file.GetSpan());
        var kept = original.Initializers.Where(i => i.Value.ByteLength >= leastReferred && places.ContainsKey(i.Key.Name))
            .ToDictionary(i => i.Value, i => places[i.Key.Name], (IEqualityComparer<Tensor>)ReferenceEqualityComparer.Instance);
        using var stream = new MemoryStream();
        new OnnxWriter(changed, tensor => kept.TryGetValue(tensor, out var place) ? (Path.GetFileName(path), place.Offset) : null)
            .WriteTo(stream);
        return stream.ToArray();
    }

    /// <summary>
    /// Reads a graph and infers the shapes of its values. Tensors that the file stores in other files are read from its folder.
    /// </summary>
    /// <exception cref="FoveaException">The file is missing, cannot be read, is not an ONNX file, or is damaged.</exception>
    public static Graph Read(string path) => Read(path, []);

    /// <summary>
    /// Reads a graph. The reader converts what Fovea's graphs lack, such as older operator sets and local functions, and adds a sentence to
    /// <paramref name="changes"/> for each such change.
    /// </summary>
    internal static Graph Read(string path, ICollection<string> changes)
    {
        if (!File.Exists(path))
        {
            throw new FoveaException(ErrorCode.BadModelFile, Directory.Exists(path)
                ? $"{path} is a folder; expected an .onnx file."
                : $"There is no file '{path}'; expected an .onnx file.");
        }

        return NamingFile(path, () =>
        {
            // From mapped memory, protobuf allocates each tensor once at its final size. From a stream, it would collect pieces and join
            // them.
            using var file = new MappedFile(path);
            return OnnxReader.FromProto(ModelProto.Parser.ParseFrom(new ReadOnlySequence<byte>(file.Memory)), FolderOf(path), changes);
        });
    }

    /// <summary>Reads a graph from the content of its file and infers the shapes of its values.</summary>
    /// <param name="content">The whole content of the file.</param>
    /// <param name="name">The path of the file, for messages. Tensors in other files are read from its folder.</param>
    /// <exception cref="FoveaException">The content is not an ONNX file, or is damaged.</exception>
    public static Graph Read(ReadOnlyMemory<byte> content, string name) => Read(content, name, []);

    /// <summary>
    /// Reads a graph. The reader converts what Fovea's graphs lack, such as older operator sets and local functions, and adds a sentence to
    /// <paramref name="changes"/> for each such change.
    /// </summary>
    internal static Graph Read(ReadOnlyMemory<byte> content, string name, ICollection<string> changes) => NamingFile(
        name,
        () => OnnxReader.FromProto(ModelProto.Parser.ParseFrom(new ReadOnlySequence<byte>(content)), FolderOf(name), changes));

    /// <summary>Reads a file without its weights.</summary>
    /// <exception cref="FoveaException">The file cannot be read, is not an ONNX file, or is damaged.</exception>
    internal static ModelOutline Outline(string path) => NamingFile(path, () =>
    {
        using var file = new MappedFile(path);
        return Outlines.ParseFrom(new ReadOnlySequence<byte>(file.Memory));
    });

    /// <summary>Reads a file without its weights, from the file's content.</summary>
    /// <exception cref="FoveaException">The content is not an ONNX file, or is damaged.</exception>
    internal static ModelOutline Outline(byte[] content, string name) => NamingFile(name, () => Outlines.ParseFrom(content));

    private static string? FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path));

    private static T NamingFile<T>(string path, Func<T> parse)
    {
        try
        {
            return parse();
        }
        // This catch clause comes before the clause for IOException, because InvalidProtocolBufferException derives from IOException.
        catch (Exception e) when (e is InvalidProtocolBufferException or OverflowException)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile, $"{path} is not an ONNX file, or is damaged; expected a complete .onnx file.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile, $"{path} cannot be read: {FileFailure.Reason(e, path)}. Expected an .onnx file.", e);
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
            throw new FoveaException(
                ErrorCode.CannotWrite,
                $"The weights of {graph.Name} need {weights} bytes; expected less than 2 GiB, the limit of one ONNX file.");
        }
    }
}
