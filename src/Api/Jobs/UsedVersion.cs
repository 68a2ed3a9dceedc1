namespace Fovea.Api.Jobs;

/// <summary>
/// The highest version number that a model's deleted jobs have used. It prevents a later job from using the number again.
/// </summary>
internal sealed class UsedVersion
{
    /// <summary>The name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>The highest version number that a deleted job chose, from 1; 0: no deleted job chose one.</summary>
    public required int Highest { get; set; }
}
