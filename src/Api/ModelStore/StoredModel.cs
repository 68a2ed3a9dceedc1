using System.Globalization;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>A model of the repository: its versions, and which of them serves.</summary>
internal sealed class StoredModel
{
    private readonly string? chosen;

    /// <param name="name">The folder's name.</param>
    /// <param name="versions">At least one.</param>
    /// <param name="chosen">What the model's file named <c>default</c> holds; null where there is none.</param>
    public StoredModel(string name, IEnumerable<ModelVersion> versions, string? chosen)
    {
        this.chosen = chosen;
        Name = name;
        Versions = [.. versions.OrderBy(version => version.Number)];
        Default = chosen is null ? Versions[^1] : Named(chosen);
    }

    /// <summary>The model's name.</summary>
    public string Name { get; }

    /// <summary>The versions, the lowest first.</summary>
    public IReadOnlyList<ModelVersion> Versions { get; }

    /// <summary>The version that serves; null where the file named default holds none that exists.</summary>
    public ModelVersion? Default { get; }

    /// <summary>Whether the version that serves can answer.</summary>
    public ModelState State => Default?.State ?? ModelState.Failed;

    /// <summary>Why the model failed, else null.</summary>
    public string? Reason => Default is null ? $"Its file named default holds {chosen}; expected one of the versions {Numbers}." : Default.Reason;

    private string Numbers => string.Join(", ", Versions.Select(version => version.Number));

    /// <summary>The version that serves, once it is loaded.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.Unavailable"/> while it is loading; <see cref="ErrorCode.ModelUnavailable"/> if it failed.</exception>
    public Lease Serve() => Default?.IsReady(out var served) == true && served.TryLease() is { } lease ? lease
        : State == ModelState.Loading ? throw new FoveaException(ErrorCode.Unavailable, $"The service is starting: {Name} is not loaded yet.")
        : throw new FoveaException(ErrorCode.ModelUnavailable, $"{Name} cannot serve. {Reason}");

    /// <summary>A version by its number, which is loaded now if it was not.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.UnknownModel"/>, or <see cref="ErrorCode.ModelUnavailable"/> if it cannot be loaded.</exception>
    public async Task<Lease> Serve(string number)
    {
        var version = Named(number) ?? throw new FoveaException(ErrorCode.UnknownModel, $"{Name} has no version {number}; expected one of {Numbers}.");
        return (await version.Load()).TryLease() ?? throw new FoveaException(ErrorCode.UnknownModel, $"{Name} has no version {number} any more.");
    }

    private ModelVersion? Named(string number) => Versions.FirstOrDefault(version => version.Number.ToString(CultureInfo.InvariantCulture) == number);
}
