using System.Security.Cryptography;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Graphs;

namespace Fovea.Models.Weights;

/// <summary>
/// A file of published weights of at most 2 GiB. The format, safetensors, PyTorch (.pth) or ONNX, is detected from the first bytes. The
/// tensors refer to the memory-mapped file, so the file must stay open until the networks with these tensors have been written.
/// </summary>
public sealed class WeightsFile : IDisposable
{
    private readonly MappedFile file;

    private WeightsFile(string path, MappedFile file) => (Path, this.file) = (path, file);

    /// <summary>The file's path as the caller gave it.</summary>
    public string Path { get; }

    /// <summary>The SHA-256 of the file's bytes, in hexadecimal. Each call computes it again.</summary>
    public string Sha256 => Convert.ToHexStringLower(SHA256.HashData(file.Memory.Span));

    /// <summary>The tensors by their names in the file.</summary>
    internal IReadOnlyDictionary<string, StoredTensor> Tensors { get; private set; } = new Dictionary<string, StoredTensor>();

    /// <summary>
    /// The network in an ONNX file; <c>null</c> for the other formats, which contain only tensors.
    /// </summary>
    internal Graph? Graph { get; private set; }

    /// <summary>Opens a file and reads the descriptions of its tensors. Code in a PyTorch file is not run.</summary>
    /// <exception cref="FoveaException">
    /// The file is missing, cannot be read, is damaged, or has another format. The message names the file.
    /// </exception>
    public static WeightsFile Open(string path)
    {
        if (!File.Exists(path))
        {
            throw new FoveaException(ErrorCode.BadModelFile, Directory.Exists(path)
                ? $"{path} is a folder; expected a file of weights as safetensors, .pth or ONNX."
                : $"There is no file '{path}'; expected weights as safetensors, .pth or ONNX.");
        }

        WeightsFile? weights = null;
        try
        {
            weights = new WeightsFile(path, NamingFile(path, () => new MappedFile(path)));
            weights.Read();
            return weights;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            weights?.Dispose();
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"{path} cannot be read: {FileFailure.Reason(e, path)}. Expected weights as safetensors, .pth or ONNX.",
                e);
        }
        catch
        {
            weights?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => ((IDisposable)file).Dispose();

    private void Read()
    {
        var bytes = file.Memory;
        if (IsSafetensors(bytes.Span))
        {
            using var safetensors = SafetensorsFile.Open(Path);
            Tensors = safetensors.Entries().ToDictionary(e => e.Key, e => TensorAt(e.Value.Type, e.Value.Shape, e.Value.Start));
        }
        else if (TorchFile.Is(bytes.Span))
        {
            Tensors = NamingFile(Path, () => TorchFile.Read(bytes));
        }
        else
        {
            // Scalars and integer tensors are left out: they are numbers in formulas, shapes and axes, not weights.
            Graph = ReadOnnx();
            Tensors = NamingFile(Path, () => Graph.Initializers
                .Select(i => (i.Key.Name, Tensor: new StoredTensor(i.Value.Type, i.Value.Shape, i.Value.Bytes)))
                .Where(i => i.Tensor.IsFloat && i.Tensor.Shape.Rank > 0)
                .ToDictionary(i => i.Name, i => i.Tensor));
        }

        StoredTensor TensorAt(ElementType type, Shape shape, long start) =>
            NamingFile(Path, () => new StoredTensor(type, shape, bytes.Slice((int)start, (int)shape.Size * type.SizeOf())));
    }

    // Adds the path to the error messages of readers that do not know it.
    private static T NamingFile<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (FoveaException e)
        {
            throw new FoveaException(e.Code, $"{path}: {e.Message}", e);
        }
    }

    private Graph ReadOnnx()
    {
        try
        {
            return LogitEnergy.Without(OnnxFile.Read(Path));
        }
        catch (FoveaException e)
        {
            throw new FoveaException(
                e.Code, $"{Path} does not begin as a safetensors or PyTorch file, and it cannot be read as an ONNX file: {e.Message}", e);
        }
    }

    // A safetensors file begins with the length of its header in eight bytes, less than 4 GiB, and then JSON. This is tested before the
    // other formats, because the first byte of the length may equal the first byte of a pickle.
    private static bool IsSafetensors(ReadOnlySpan<byte> file) => file is [_, _, _, _, 0, 0, 0, 0, (byte)'{', ..];
}
