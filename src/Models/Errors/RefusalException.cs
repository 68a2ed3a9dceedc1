namespace Fovea.Models.Errors;

/// <summary>
/// An error that the user can correct. The message has one or two sentences, which name the wrong value and the expected one. The command
/// line and the HTTP service show the message unchanged.
/// </summary>
/// <param name="message">The message for the user.</param>
/// <param name="cause">The exception that led to this one, for logs; <c>null</c>: none.</param>
public abstract class RefusalException(string message, Exception? cause) : Exception(message, cause);
