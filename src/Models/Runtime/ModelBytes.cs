using System.Security.Cryptography;
using Fovea.Models.Errors;

namespace Fovea.Models.Runtime;

/// <summary>
/// The content of a model file, identified by its SHA-256. All sessions of a loaded model must have the same content: a file that was
/// replaced in the meantime is refused, because its weights would be served with the labels of the old file.
/// </summary>
public sealed class ModelBytes
{
    private ModelBytes(string path, string sha256) => (Path, Sha256) = (path, sha256);

    /// <summary>The path of the file.</summary>
    public string Path { get; }

    /// <summary>The SHA-256 of the content, 64 lower-case hexadecimal digits.</summary>
    public string Sha256 { get; }

    /// <summary>Reads a file, and calls a function on its content while another thread computes the hash.</summary>
    /// <param name="path">The .onnx file, at most 2 GiB.</param>
    /// <param name="work">
    /// The function, which for example opens a session. It receives the content, and a task that completes when the hash is known.
    /// </param>
    /// <exception cref="FoveaException">The file cannot be read, or the function throws this exception.</exception>
    public static (ModelBytes Bytes, T Result) Load<T>(string path, Func<byte[], Task<ModelBytes>, T> work)
        where T : IDisposable
    {
        var content = ReadAll(path);
        var bytes = Task.Run(() => new ModelBytes(path, Hex(SHA256.HashData(content))));
        var result = work(content, bytes);
        try
        {
            return (bytes.GetAwaiter().GetResult(), result);
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    /// <summary>Computes the hash of a file without holding its content in memory.</summary>
    /// <param name="path">The .onnx file.</param>
    /// <exception cref="FoveaException">The file cannot be read.</exception>
    public static ModelBytes Of(string path) => new(path, Reading(path, () =>
    {
        using var stream = File.OpenRead(path);
        return Hex(SHA256.HashData(stream));
    }));

    /// <summary>Reads the content again.</summary>
    /// <exception cref="FoveaException">The file cannot be read, or its content has changed.</exception>
    public byte[] Read()
    {
        var content = ReadAll(Path);
        return Hex(SHA256.HashData(content)) == Sha256 ? content : throw Changed();
    }

    /// <summary>Computes the hash of the file again, without holding its content in memory.</summary>
    /// <exception cref="FoveaException">The file cannot be read, or its content has changed.</exception>
    public void RequireUnchanged()
    {
        if (Of(Path).Sha256 != Sha256)
        {
            throw Changed();
        }
    }

    private FoveaException Changed() => new(
        ErrorCode.BadModelFile,
        $"{Path} has changed since it was loaded; expected the content with the SHA-256 {Sha256}. Load the model again.");

    private static byte[] ReadAll(string path) => Reading(path, () => File.ReadAllBytes(path));

    private static string Hex(byte[] hash) => Convert.ToHexStringLower(hash);

    private static T Reading<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile, $"{path} cannot be read: {FileFailure.Reason(e, path)}. Expected an ONNX model.", e);
        }
    }
}
