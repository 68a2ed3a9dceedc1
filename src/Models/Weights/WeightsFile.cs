using System.Security.Cryptography;

namespace Fovea.Models;

/// <summary>
/// A file of published weights: safetensors, PyTorch (.pth) or ONNX, told apart by its bytes. At most 2 GiB. The tensors lie in the mapped
/// file, so it must stay open until what was filled from it has been written.
/// </summary>
public sealed class WeightsFile : IDisposable
{
    private readonly MappedFile file;

    private WeightsFile(string path, MappedFile file) => (Path, this.file) = (path, file);

    /// <summary>Where it lies.</summary>
    public string Path { get; }

    /// <summary>SHA-256 of its bytes, in hexadecimal.</summary>
    public string Sha256 => Convert.ToHexStringLower(SHA256.HashData(file.Memory.Span));

    /// <summary>The tensors by the names that they have in the file.</summary>
    internal IReadOnlyDictionary<string, StoredTensor> Tensors { get; private set; } = new Dictionary<string, StoredTensor>();

    /// <summary>The network around them, where the file is ONNX.</summary>
    internal Graph? Graph { get; private set; }

    /// <summary>Opens a file and reads what tensors it has; nothing in it is executed.</summary>
    /// <exception cref="FoveaException">It is missing, damaged, or of another format.</exception>
    public static WeightsFile Open(string path)
    {
        if (!File.Exists(path))
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"There is no file '{path}'; expected weights as safetensors, .pth or ONNX.");
        }

        WeightsFile? weights = null;
        try
        {
            weights = new WeightsFile(path, new MappedFile(path));
            weights.Read();
            return weights;
        }
        catch (Exception e)
        {
            weights?.Dispose();
            throw e switch
            {
                FoveaException known when known.Message.StartsWith(path, StringComparison.Ordinal) => known,
                FoveaException known => new FoveaException(known.Code, $"{path}: {known.Message}", known),
                IOException or UnauthorizedAccessException => new FoveaException(ErrorCode.BadModelFile, $"{path} cannot be read: {e.Message.TrimEnd('.')}. Expected weights as safetensors, .pth or ONNX.", e),
                _ => e,
            };
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
            Tensors = safetensors.Entries().ToDictionary(e => e.Key, e => new StoredTensor(e.Value.Type, e.Value.Shape, bytes.Slice((int)e.Value.Start, (int)e.Value.Shape.Size * e.Value.Type.SizeOf())));
        }
        else if (TorchFile.Is(bytes.Span))
        {
            Tensors = TorchFile.Read(bytes);
        }
        else
        {
            // Scalars and integers are constants of formulas, shapes and axes.
            Graph = ReadOnnx();
            Tensors = Graph.Initializers.Select(i => (i.Key.Name, Tensor: new StoredTensor(i.Value.Type, i.Value.Shape, i.Value.Bytes)))
                .Where(i => i.Tensor.IsFloat && i.Tensor.Shape.Rank > 0).ToDictionary(i => i.Name, i => i.Tensor);
        }
    }

    private Graph ReadOnnx()
    {
        try
        {
            return OnnxFile.Read(Path);
        }
        catch (FoveaException e)
        {
            throw new FoveaException(e.Code, $"{Path} begins neither as safetensors nor as a PyTorch file, and as ONNX it cannot be read: {e.Message}", e);
        }
    }

    // A length of less than 4 GiB in eight bytes, then JSON. Its first byte may be that of a pickle, so this is asked first.
    private static bool IsSafetensors(ReadOnlySpan<byte> file) => file is [_, _, _, _, 0, 0, 0, 0, (byte)'{', ..];
}
