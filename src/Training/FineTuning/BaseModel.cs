using System.Security.Cryptography;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>A network that is to be taught new classes, as its file has it.</summary>
/// <param name="Network">The graph, in the operator set that everything here is written in.</param>
/// <param name="Metadata">What the file says about itself, with its preprocessing.</param>
/// <param name="File">The file's name and hash.</param>
internal sealed record BaseModel(Graph Network, ModelMetadata Metadata, WeightsSource File)
{
    /// <summary>How an image becomes the input.</summary>
    public Preprocessing Preprocessing => Metadata.Preprocessing!;

    /// <summary>
    /// Reads a file; its metadata give way to <paramref name="overrides"/>, and are completed from <paramref name="fallback"/>.
    /// </summary>
    /// <exception cref="FoveaException">It is no ONNX file, or nothing says how images become its input.</exception>
    public static BaseModel Read(string path, ModelMetadata? overrides = null, ModelMetadata? fallback = null)
    {
        var network = OpsetConversion.Convert(OnnxFile.Read(path));
        var metadata = (overrides ?? new()).Or(ModelMetadata.Read(network.Metadata)).Or(fallback);
        if (metadata.Preprocessing is null)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"{path} does not say how images become its input; expected the metadata property fovea.preprocessing, {Path.ChangeExtension(path, ".json")} beside it, or --preprocessing.");
        }

        using var stream = System.IO.File.OpenRead(path);
        return new(network, metadata, new(Path.GetFileName(path), Convert.ToHexStringLower(SHA256.HashData(stream))));
    }
}
