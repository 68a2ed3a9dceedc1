namespace Fovea.Models;

/// <summary>The network architectures that Fovea can build.</summary>
public static class Catalog
{
    /// <summary>All architectures, in the order in which lists show them.</summary>
    public static IReadOnlyList<Architecture> Architectures { get; } =
        [.. LeNet5.Variants, .. AlexNet.Variants, .. GoogLeNet.Variants, .. Vgg.Variants, .. ResNet.Variants];

    /// <summary>Finds an architecture by its name.</summary>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.UnknownArchitecture"/>: no architecture has this name. The message lists the names.
    /// </exception>
    public static Architecture Find(string name) => Architectures.FirstOrDefault(a => a.Name == name)
        ?? throw new FoveaException(
            ErrorCode.UnknownArchitecture,
            $"There is no architecture {name}; expected one of {string.Join(", ", Architectures.Select(a => a.Name))}.");
}
