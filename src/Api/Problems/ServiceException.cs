using Fovea.Models.Errors;

namespace Fovea.Api.Problems;

/// <summary>The exception for an error of a request or a job whose kind is a <see cref="ServiceError"/>.</summary>
/// <param name="error">The kind of error.</param>
/// <param name="message">The message for the caller.</param>
/// <param name="cause">The exception that led to this one, for logs; default none.</param>
internal sealed class ServiceException(ServiceError error, string message, Exception? cause = null) : RefusalException(message, cause)
{
    /// <summary>The kind of error.</summary>
    public ServiceError Error { get; } = error;

    /// <summary>The time after which a retry may succeed; null, the default, if waiting does not help.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
