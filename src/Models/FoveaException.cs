namespace Fovea.Models;

/// <summary>
/// Anything the user can mend. The message is one sentence or two that name the bad value and what was
/// expected; it is shown as it stands, by the command line and over HTTP.
/// </summary>
public sealed class FoveaException(ErrorCode code, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>What kind of error it is.</summary>
    public ErrorCode Code { get; } = code;

    /// <summary>When it is worth trying again; null where that does not depend on time.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
