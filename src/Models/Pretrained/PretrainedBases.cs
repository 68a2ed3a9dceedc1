using Fovea.Models.Architectures;

namespace Fovea.Models.Pretrained;

/// <summary>
/// The list of pretrained bases: the built-in base, whose files lie beside the program, and the networks of the catalog for which
/// torchvision publishes weights.
/// </summary>
public static class PretrainedBases
{
    /// <summary>The name of the built-in pretrained base, which needs no download.</summary>
    public const string BuiltIn = "resnet18-mlnet";

    // Trainable parameters only, without the 11,648 running statistics of batch normalisation.
    private const long BuiltInParameters = 15_897_152;

    // The network is CNTK's ResNet-18, which has a third block in its last stage. CNTK's page of pretrained image models states that it
    // classifies 29.186 % of the validation images wrongly, from the centre of each image.
    private const double BuiltInAccuracy = 0.70814;

    /// <summary>The built-in base's network, a file of the NuGet package Microsoft.ML.DnnImageFeaturizer.ResNet18.</summary>
    public static string BuiltInNetwork { get; } = BuiltInFile("ResNet18.onnx");

    /// <summary>The file of the same package with the mean image, which is subtracted from each image.</summary>
    public static string BuiltInMeanImage { get; } = BuiltInFile("ResNetPreprocess.onnx");

    /// <summary>
    /// Whether the files of the built-in base lie beside this program. They are missing in programs that only use the library.
    /// </summary>
    public static bool HasBuiltIn => File.Exists(BuiltInNetwork) && File.Exists(BuiltInMeanImage);

    /// <summary>The names of the bases that can be downloaded.</summary>
    public static IEnumerable<string> Published => Catalog.Architectures.Where(a => a.Torchvision is not null).Select(a => a.Name);

    /// <summary>Lists all bases: the built-in base first, then the others in the catalog's order.</summary>
    /// <param name="folder">The folder with downloaded weights.</param>
    public static IReadOnlyList<PretrainedBase> List(string folder) =>
    [
        .. HasBuiltIn
            ? [new PretrainedBase(
                BuiltIn,
                "NuGet package Microsoft.ML.DnnImageFeaturizer.ResNet18",
                "MIT",
                BuiltInParameters,
                new FileInfo(BuiltInNetwork).Length + new FileInfo(BuiltInMeanImage).Length,
                BuiltInAccuracy,
                BaseState.BuiltIn)]
            : Array.Empty<PretrainedBase>(),
        .. Catalog.Architectures.Where(a => a.Torchvision is not null).Select(a => Of(a, PathOf(folder, a.Name))),
    ];

    /// <summary>The path of a downloaded base. The file does not exist before the download.</summary>
    /// <param name="folder">The folder with downloaded weights.</param>
    /// <param name="name">The base's name.</param>
    public static string PathOf(string folder, string name) => Path.Combine(folder, $"{name}.onnx");

    private static PretrainedBase Of(Architecture network, string path)
    {
        bool isHere = File.Exists(path);
        return new(
            network.Name,
            $"torchvision, {network.Torchvision!.Weights}",
            "BSD-3-Clause",
            network.Parameters,
            isHere ? new FileInfo(path).Length : 4 * network.Parameters,
            network.Torchvision.Accuracy,
            isHere ? BaseState.Downloaded : BaseState.ToDownload);
    }

    private static string BuiltInFile(string name) => Path.Combine(AppContext.BaseDirectory, "bases", BuiltIn, name);
}
