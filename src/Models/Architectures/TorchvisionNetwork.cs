namespace Fovea.Models.Architectures;

/// <summary>The same network in torchvision.</summary>
/// <param name="Name">The name of the network's function in <c>torchvision.models</c>.</param>
/// <param name="Weights">
/// The name of the file with the network's first ImageNet weights (IMAGENET1K_V1) at https://download.pytorch.org/models/. The name ends
/// with the first eight hexadecimal digits of the file's SHA-256.
/// </param>
/// <param name="Accuracy">
/// The share of ImageNet's validation images that the network with these weights classifies correctly, 0 to 1, as torchvision reports.
/// </param>
public sealed record TorchvisionNetwork(string Name, string Weights, double Accuracy)
{
    /// <summary>
    /// Converts the name of a weight in the published file to its present name in torchvision, for files with older names. Returns all
    /// other names unchanged. Default: all names are unchanged.
    /// </summary>
    public Func<string, string> Renamed { get; init; } = name => name;
}
