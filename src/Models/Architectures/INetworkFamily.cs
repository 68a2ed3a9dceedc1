namespace Fovea.Models.Architectures;

/// <summary>
/// A family of networks: one class in one file, with the paper's table, the loop that builds the layers, and everything else that is known
/// about the family's networks. <see cref="Catalog"/> finds each class that implements this interface.
/// </summary>
internal interface INetworkFamily
{
    /// <summary>The year of the paper, by which lists are ordered.</summary>
    static abstract int Year { get; }

    /// <summary>The networks of the family, in the order in which lists show them.</summary>
    static abstract IReadOnlyList<Architecture> Variants { get; }
}
