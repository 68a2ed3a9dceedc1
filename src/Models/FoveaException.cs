namespace Fovea.Models;

/// <summary>
/// An error that the user can correct. The message has one or two sentences, which name the wrong value and the expected one. The command
/// line and the HTTP service show the message unchanged.
/// </summary>
/// <param name="code">The kind of error.</param>
/// <param name="message">The message for the user.</param>
/// <param name="cause">The exception that led to this one, for logs; default none.</param>
public sealed class FoveaException(ErrorCode code, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>The kind of error.</summary>
    public ErrorCode Code { get; } = code;

    /// <summary>The time after which a retry may succeed; <c>null</c>, the default, if waiting does not help.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
