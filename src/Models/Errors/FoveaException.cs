namespace Fovea.Models.Errors;

/// <summary>An error of the library that the user can correct.</summary>
/// <param name="code">The kind of error.</param>
/// <param name="message">The message for the user.</param>
/// <param name="cause">The exception that caused this one, for logs. Default: <c>null</c>, none.</param>
public sealed class FoveaException(ErrorCode code, string message, Exception? cause = null) : RefusalException(message, cause)
{
    /// <summary>The kind of error.</summary>
    public ErrorCode Code { get; } = code;
}
