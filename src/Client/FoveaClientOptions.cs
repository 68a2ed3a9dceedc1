namespace Fovea.Client;

/// <summary>The address of the service, and the client's key, time limit and retries.</summary>
public sealed class FoveaClientOptions
{
    /// <summary>The largest number of attempts after the first one.</summary>
    public const int MostRetries = 10;

    /// <summary>The address of the service. It may have a path, if a proxy adds one. Default: http://localhost:8080.</summary>
    public Uri Address { get; set; } = new("http://localhost:8080");

    /// <summary>The API key; null, the default: no key. Requests about data sets and jobs need a key with the scope train.</summary>
    public string? ApiKey { get; set; }

    /// <summary>
    /// The longest wait for an answer, all retries included, over 0; default 100 s. Uploads of data sets and streams of events have no
    /// limit.
    /// </summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(100);

    /// <summary>
    /// How often a refused request is sent again, 0 to 10; default 4. A request that got the status 429 or 503 is sent again after the time
    /// that the service names, if this is at most 10 s, or after 0.5 s, 1 s, 2 s ... if the service names none. A request that may change
    /// something is sent again only if it certainly has changed nothing.
    /// </summary>
    public int Retries { get; set; } = 4;

    /// <summary>Returns these options.</summary>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    internal FoveaClientOptions Checked() =>
        Address is not { IsAbsoluteUri: true, Scheme: "http" or "https" }
            ? throw new ArgumentException($"Address is {Address}; expected an absolute http or https address.")
        : Timeout <= TimeSpan.Zero ? throw new ArgumentException($"Timeout is {Timeout}; expected more than 0.")
        : Retries is < 0 or > MostRetries ? throw new ArgumentException($"Retries is {Retries}; expected 0 to {MostRetries}.")
        : this;
}
