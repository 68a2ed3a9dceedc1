namespace Fovea.Api;

/// <summary>What is remembered of a model's jobs that were deleted, so that no number of a version is ever given to a second one.</summary>
internal sealed class UsedVersion
{
    /// <summary>The name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>The highest version that any of those jobs chose.</summary>
    public required int Highest { get; set; }
}
