using System.Security.Cryptography;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Heads;
using Fovea.Models.Imaging;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;

namespace Fovea.Training.TransferLearning;

/// <summary>A network from a file, which fine-tuning trains for new classes.</summary>
/// <param name="Network">The graph, converted to the operator set that this library uses.</param>
/// <param name="Metadata">The file's metadata, including the preprocessing.</param>
/// <param name="File">The file's name and hash.</param>
/// <param name="HasHead">Whether the network has classes; otherwise its output is features.</param>
internal sealed record BaseModel(Graph Network, ModelMetadata Metadata, WeightsSource File, bool HasHead = true)
{
    /// <summary>The place of the classifier's last layer, or of a new last layer if the network has no classes.</summary>
    /// <exception cref="FoveaException">The network has no head that could be replaced.</exception>
    public ClassifierHead Head => HasHead ? ClassifierHead.Find(Network) : ClassifierHead.At(Network);

    /// <summary>
    /// The place of a new head that also reads the square roots of this network's class probabilities, times a factor; null if the network
    /// has none to read, for example because its classes do not exclude each other.
    /// </summary>
    /// <param name="factor">The factor of the square roots, greater than 0.</param>
    public ClassifierHead? HeadWithProbabilities(float factor) =>
        Metadata.Activation == Activation.Sigmoid ? null : Head.WithProbabilities(Preprocessing.Shape, factor);

    /// <summary>The preprocessing that turns an image into the network's input.</summary>
    public Preprocessing Preprocessing => Metadata.Preprocessing!;

    /// <summary>
    /// Reads a file. <paramref name="overrides"/> replace metadata of the file, and <paramref name="fallback"/> supplies missing values.
    /// </summary>
    /// <exception cref="FoveaException">
    /// The file is not an ONNX file, or neither the file nor an argument gives the preprocessing.
    /// </exception>
    public static BaseModel Read(string path, ModelMetadata? overrides = null, ModelMetadata? fallback = null)
    {
        var (network, metadata, classes) = ModelAdoption.BaseOf(path, overrides, fallback);
        if (metadata.Preprocessing is null)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"{path} has no preprocessing, so images cannot become its input; expected the metadata property fovea.preprocessing, "
                + $"{Path.ChangeExtension(path, ".json")} beside it, or --preprocessing.");
        }

        using var stream = System.IO.File.OpenRead(path);
        return new(network, metadata, new(Path.GetFileName(path), Convert.ToHexStringLower(SHA256.HashData(stream))), classes != 0);
    }
}
