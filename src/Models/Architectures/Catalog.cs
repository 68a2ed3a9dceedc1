using Fovea.Models.Errors;

namespace Fovea.Models.Architectures;

/// <summary>The network architectures that Fovea can build.</summary>
public static class Catalog
{
    /// <summary>All architectures, in the order in which lists show them: by the year of the family's paper, then by its name.</summary>
    public static IReadOnlyList<Architecture> Architectures { get; } = [.. FindAll()];

    /// <summary>Finds an architecture by its name.</summary>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.UnknownArchitecture"/>: no architecture has this name. The message lists the names.
    /// </exception>
    public static Architecture Find(string name) => Architectures.FirstOrDefault(a => a.Name == name)
        ?? throw new FoveaException(
            ErrorCode.UnknownArchitecture,
            $"There is no architecture {name}; expected one of {string.Join(", ", Architectures.Select(a => a.Name))}.");

    // Finds the families among the types of this assembly by reflection, so that a file with a new family needs no entry in a list
    // elsewhere. With the interface, the compiler checks that a family has all members. The families are sorted, because the runtime does
    // not define the order of types. Programs must be published without trimming, which would remove types that are only used by
    // reflection.
    private static IEnumerable<Architecture> FindAll() => typeof(Catalog).Assembly.GetTypes()
        .Where(type => type.IsClass && type.IsAssignableTo(typeof(INetworkFamily)))
        .OrderBy(Read<int>(nameof(INetworkFamily.Year)))
        .ThenBy(type => type.Name, StringComparer.Ordinal)
        .SelectMany(Read<IReadOnlyList<Architecture>>(nameof(INetworkFamily.Variants)));

    // Reads a static property of a type.
    private static Func<Type, T> Read<T>(string property) => type => (T)type.GetProperty(property)!.GetValue(null)!;
}
