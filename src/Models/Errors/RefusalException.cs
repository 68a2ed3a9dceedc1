namespace Fovea.Models.Errors;

/// <summary>
/// An error that the user can correct. The message is one or two sentences with the wrong value and the expected value. The command line
/// and the HTTP service show the message unchanged.
/// </summary>
/// <param name="message">The message for the user.</param>
/// <param name="cause">The exception that caused this one, for logs; <c>null</c> if there is none.</param>
public abstract class RefusalException(string message, Exception? cause) : Exception(message, cause);
