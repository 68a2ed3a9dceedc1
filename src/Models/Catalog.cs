namespace Fovea.Models;

/// <summary>The networks that Fovea can build, in the order in which they are listed.</summary>
public static class Catalog
{
    /// <summary>Every architecture.</summary>
    public static IReadOnlyList<Architecture> Architectures { get; } = [.. LeNet5.Variants, .. AlexNet.Variants, .. GoogLeNet.Variants, .. Vgg.Variants, .. ResNet.Variants];

    /// <summary>The architecture of this name.</summary>
    /// <exception cref="FoveaException">There is none; the message lists the names.</exception>
    public static Architecture Find(string name) => Architectures.FirstOrDefault(a => a.Name == name)
        ?? throw new FoveaException(ErrorCode.UnknownArchitecture, $"There is no architecture {name}; expected one of {string.Join(", ", Architectures.Select(a => a.Name))}.");
}
