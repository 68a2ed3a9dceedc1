using System.Globalization;
using Fovea.Models.Errors;
using Fovea.Models.Onnx;

namespace Fovea.Models.Graphs;

/// <summary>
/// Reads the tensors that an ONNX file stores in other files. The other files must lie in the folder of the ONNX file, or below it.
/// </summary>
internal sealed class ExternalTensors(string? folder)
{
    private readonly Dictionary<string, byte[]> files = [];

    /// <summary>The number of tensors that were read.</summary>
    public int Count { get; private set; }

    /// <summary>The paths of the files from which tensors were read, as written in the ONNX file.</summary>
    public IEnumerable<string> Files => files.Keys;

    /// <summary>The paths of the files in which a model stores tensors, as written in the model. Some may be outside the folder.</summary>
    public static IReadOnlySet<string> FilesOf(ModelOutline model)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        found.UnionWith(Outside(model.Graph?.Initializer ?? [], tensor => (tensor.DataLocation, tensor.ExternalData)));
        AddFilesOf([.. model.Graph?.Node ?? [], .. model.Functions.SelectMany(function => function.Node)], found);
        return found;
    }

    /// <summary>
    /// Whether a path is in the model's folder or below it. Without this check, a model could make the service read any file of the
    /// machine.
    /// </summary>
    public static bool IsInside(string location) =>
        location.Length > 0
        && !location.Contains('\0', StringComparison.Ordinal)
        && !Path.IsPathRooted(location)
        && location[0] != '\\'
        && !location.Contains(':', StringComparison.Ordinal)
        && !location.Split('/', '\\').Contains("..");

    /// <summary>The elements of a tensor.</summary>
    /// <param name="tensor">A tensor whose data_location is EXTERNAL.</param>
    /// <param name="length">The number of bytes that the tensor's shape and type require.</param>
    /// <exception cref="FoveaException">The file is outside the folder, is missing, or is too short.</exception>
    public ReadOnlyMemory<byte> Read(TensorProto tensor, long length)
    {
        string? Entry(string key) => EntryOf(tensor.ExternalData, key);
        var location = LocationOf(tensor.ExternalData);
        long offset = Number("offset", 0), given = Number("length", length);
        var content = Content(tensor.Name, location);
        Count++;
        return given == length && offset >= 0 && offset <= content.Length - length
            ? content.AsMemory((int)offset, (int)length)
            : throw new FoveaException(
                ErrorCode.BadModelFile,
                $"the tensor {tensor.Name} has {given} bytes from byte {offset} of {location} on; expected {length} bytes within the "
                + $"{content.Length} bytes of this file.");

        long Number(string key, long otherwise) =>
            Entry(key) is not { Length: > 0 } text ? otherwise
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number
            : throw new FoveaException(
                ErrorCode.BadModelFile, $"the tensor {tensor.Name} has the {key} {text} in {location}; expected a number of bytes.");
    }

    private static string? EntryOf(IEnumerable<StringStringEntryProto> entries, string key) =>
        entries.LastOrDefault(entry => entry.Key == key)?.Value;

    private static string LocationOf(IEnumerable<StringStringEntryProto> entries) => EntryOf(entries, "location") ?? "";

    private static IEnumerable<string> Outside<T>(
        IEnumerable<T> tensors, Func<T, (TensorProto.Types.DataLocation, IEnumerable<StringStringEntryProto>)> place) =>
        tensors.Select(place).Where(at => at.Item1 == TensorProto.Types.DataLocation.External).Select(at => LocationOf(at.Item2));

    // Constants may be attributes of nodes, and each branch of an If node is a graph with nodes and constants.
    private static void AddFilesOf(IEnumerable<NodeProto> nodes, SortedSet<string> found)
    {
        foreach (var attribute in nodes.SelectMany(node => node.Attribute))
        {
            TensorProto[] tensors = [.. attribute.G?.Initializer ?? [], .. attribute.T is { } one ? [one] : Array.Empty<TensorProto>()];
            found.UnionWith(Outside(tensors, tensor => (tensor.DataLocation, tensor.ExternalData)));
            AddFilesOf(attribute.G?.Node ?? [], found);
        }
    }

    private byte[] Content(string tensor, string location)
    {
        if (files.TryGetValue(location, out var known))
        {
            return known;
        }

        if (folder is null || !IsInside(location))
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"the tensor {tensor} is stored in the file '{location}'; expected all weights inside the .onnx file, or in a file in the "
                + "same folder.");
        }

        var path = Path.Combine(folder, location);
        try
        {
            return files[location] = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"the tensor {tensor} is stored in the file {location}, which cannot be read: {FileFailure.Reason(e, path)}. Expected it "
                + "beside the .onnx file.",
                e);
        }
    }
}
