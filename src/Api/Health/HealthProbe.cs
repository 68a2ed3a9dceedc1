namespace Fovea.Api;

/// <summary>
/// <c>--health</c>: asks the service that runs in the same container whether it is ready, for images that have no curl.
/// </summary>
internal static class HealthProbe
{
    /// <summary>The exit code: 0 if it is ready, else 1.</summary>
    public static async Task<int> Run()
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(3) };
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

    /// <summary>The address on which a service with this environment can be reached from the same machine.</summary>
    public static Uri Address(Func<string, string?> environment)
    {
        if (First(environment("ASPNETCORE_URLS")) is { } url)
        {
            var address = BindingAddress.Parse(url);
            return new UriBuilder(address.Scheme, address.Host is "+" or "*" or "0.0.0.0" or "[::]" ? "localhost" : address.Host, address.Port).Uri;
        }

        return new Uri($"http://localhost:{First(environment("ASPNETCORE_HTTP_PORTS")) ?? "8080"}");
    }

    private static string? First(string? list) => list?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault();
}
