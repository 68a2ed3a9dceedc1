using System.Security.Cryptography;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Metadata;
using Fovea.Models.Pretrained;
using Fovea.Models.Runtime;

namespace Fovea.Training.TransferLearning;

/// <summary>
/// The base that needs no download: the ImageNet ResNet-18 of a NuGet package. The package splits it into two files: one reorders the
/// channels to BGR and subtracts a mean image, the other computes 512 features. Here both become one graph.
/// </summary>
internal static class BuiltInBase
{
    private const string Input = "input", MeanImage = "mean_image";

    // The package takes pixels of 0 to 255. The preprocessing orders their channels as BGR, and the graph subtracts the mean image.
    private static readonly Preprocessing Preprocessing = new()
    {
        Resize = 256,
        Crop = [224, 224],
        Color = ColorOrder.Bgr,
        Scale = 1,
    };

    /// <summary>Reads the base.</summary>
    /// <exception cref="FoveaException">The files of the base are not beside this program.</exception>
    public static BaseModel Read()
    {
        if (!PretrainedBases.HasBuiltIn)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"The built-in base {PretrainedBases.BuiltIn} is missing; expected {PretrainedBases.BuiltInNetwork} and "
                + $"{Path.GetFileName(PretrainedBases.BuiltInMeanImage)} beside it, which the build copies there.");
        }

        var metadata = new ModelMetadata { Preprocessing = Preprocessing };
        var backbone = ModelAdoption.Read(PretrainedBases.BuiltInNetwork, metadata).Graph;
        var graph = new Graph(PretrainedBases.BuiltIn);
        var images = graph.Input(Input, ElementType.Float, backbone.Inputs[0].Shape);
        var centred = images - graph.Initializer(MeanImage, ReadMeanImage());
        var values = new Dictionary<Value, Value> { [backbone.Inputs[0]] = centred };
        backbone.CopyTo(graph, values);
        graph.Output(values[backbone.Outputs[0]]);
        metadata.WriteTo(graph);
        using var stream = File.OpenRead(PretrainedBases.BuiltInNetwork);
        return new(graph, metadata, new(PretrainedBases.BuiltIn, Convert.ToHexStringLower(SHA256.HashData(stream))), HasHead: false);
    }

    private static Tensor ReadMeanImage() => OnnxFile.Read(PretrainedBases.BuiltInMeanImage).Initializers.Values.Single();
}
