namespace Fovea.Models.Architectures;

/// <summary>
/// A family of networks. One class in one file contains the paper's table, the loop that builds the layers, and all other facts about the
/// family's networks. <see cref="Catalog"/> finds each class that implements this interface.
/// </summary>
internal interface INetworkFamily
{
    /// <summary>The year of the paper. Lists of networks are ordered by it.</summary>
    static abstract int Year { get; }

    /// <summary>The networks of the family, in the order in which lists show them.</summary>
    static abstract IReadOnlyList<Architecture> Variants { get; }
}
