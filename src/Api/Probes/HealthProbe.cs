
namespace Fovea.Api.Probes;

/// <summary>
/// The command <c>--health</c>: asks the service in the same container whether it is ready. The container image has no curl for that.
/// </summary>
internal static class HealthProbe
{
    /// <summary>Asks the service. Returns the exit code: 0 if the service is ready, otherwise 1.</summary>
    public static async Task<int> Run()
    {
        // The certificate names the host that clients use, and not localhost. The probe sends and reads nothing secret.
        using var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator,
        };
        using var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(3) };
        try
        {
            using var answer = await client.GetAsync(new Uri(Address(Environment.GetEnvironmentVariable), "/health/ready"));
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            await Console.Error.WriteLineAsync($"The service does not answer: {e.Message}");
            return 1;
        }
    }

    /// <summary>
    /// Returns the address at which the service can be reached from the same machine, by its environment variables. The address of the
    /// endpoint Https replaces the others, as it does in the service.
    /// </summary>
    public static Uri Address(Func<string, string?> environment)
    {
        if ((First(environment("Kestrel__Endpoints__Https__Url")) ?? First(environment("ASPNETCORE_URLS"))) is { } url)
        {
            var address = BindingAddress.Parse(url);
            var host = address.Host is "+" or "*" or "0.0.0.0" or "[::]" ? "localhost" : address.Host;
            return new UriBuilder(address.Scheme, host, address.Port).Uri;
        }

        return new Uri($"http://localhost:{First(environment("ASPNETCORE_HTTP_PORTS")) ?? "8080"}");
    }

    private static string? First(string? list) =>
        list?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault();
}
