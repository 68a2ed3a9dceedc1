namespace Fovea.Models.Architectures;

/// <summary>The same network in torchvision.</summary>
/// <param name="Name">The name of its function in <c>torchvision.models</c>.</param>
/// <param name="Weights">
/// The file of its first ImageNet weights (IMAGENET1K_V1) at https://download.pytorch.org/models/. The name ends with the first eight
/// hexadecimal digits of the file's SHA-256.
/// </param>
/// <param name="Accuracy">
/// The share of ImageNet's validation images that torchvision reports these weights to classify correctly, 0 to 1.
/// </param>
public sealed record TorchvisionNetwork(string Name, string Weights, double Accuracy)
{
    /// <summary>
    /// Returns the name of a weight, given its name in the published file, for files that are older than torchvision's names. It returns
    /// all other names unchanged. Default: all names are unchanged.
    /// </summary>
    public Func<string, string> Renamed { get; init; } = name => name;
}
