using Fovea.Models.Errors;

namespace Fovea.Models.Architectures;

/// <summary>The names of stems on the command line, in queries and in files.</summary>
public static class StemNames
{
    /// <summary>The names of all stems: auto, small and imagenet.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<Stem>().Select(Of)];

    /// <summary>Returns the name of a stem.</summary>
    public static string Of(Stem stem) => stem.ToString().ToLowerInvariant();

    /// <summary>Returns the stem with a name; <see cref="Stem.Auto"/> for <c>null</c>.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadArgument"/>: no stem has this name.</exception>
    public static Stem Parse(string? name) => name is null ? Stem.Auto
        : All.Contains(name) ? Enum.Parse<Stem>(name, ignoreCase: true)
        : throw new FoveaException(ErrorCode.BadArgument, $"The stem is {name}; expected {string.Join(", ", All)}.");
}
