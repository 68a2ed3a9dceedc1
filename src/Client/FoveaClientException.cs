using System.Net;

namespace Fovea.Client;

/// <summary>The service has refused a request. The message is the problem's detail.</summary>
/// <remarks>
/// A service that cannot be reached causes an <see cref="HttpRequestException"/> instead, and a service that does not answer within
/// <see cref="FoveaClientOptions.Timeout"/> causes a <see cref="TimeoutException"/>.
/// </remarks>
public sealed class FoveaClientException : Exception
{
    /// <summary>Creates the exception for a problem.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="retryAfter">The time after which the request may be sent again; null: the service named no time.</param>
    /// <param name="inner">The cause; null: no other exception.</param>
    public FoveaClientException(FoveaProblem problem, TimeSpan? retryAfter = null, Exception? inner = null)
        : base(problem.Detail, inner) => (Problem, RetryAfter) = (problem, retryAfter);

    /// <summary>The problem document.</summary>
    public FoveaProblem Problem { get; }

    /// <summary>The stable name of the kind of problem, such as unknown_model.</summary>
    public string Code => Problem.Code;

    /// <summary>The HTTP status.</summary>
    public HttpStatusCode Status => (HttpStatusCode)Problem.Status;

    /// <summary>The time after which the request may be sent again; null: the service named no time.</summary>
    public TimeSpan? RetryAfter { get; }
}
