namespace Fovea.Api.Jobs;

/// <summary>
/// The highest version number that a model's deleted jobs have used. It keeps a number from being given to a second version.
/// </summary>
internal sealed class UsedVersion
{
    /// <summary>The name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>The highest version that any of the deleted jobs chose, from 1; 0: none chose one.</summary>
    public required int Highest { get; set; }
}
