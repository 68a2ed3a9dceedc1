using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Fovea.Client;

/// <summary>Registers the client with an application's services.</summary>
public static class FoveaClientServices
{
    /// <summary>The name of the HTTP client and of its retries, for their logs and metrics.</summary>
    private const string Name = "fovea";

    /// <summary>
    /// Adds <see cref="FoveaClient"/>, with connections of IHttpClientFactory and the retries of <see cref="FoveaClientOptions.Retries"/>.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">
    /// Sets the options; null: they are configured elsewhere, by <c>services.Configure&lt;FoveaClientOptions&gt;(...)</c>. An option out of
    /// its range throws an <see cref="ArgumentException"/> when the first client is created.
    /// </param>
    /// <returns>The builder of the HTTP client, for further handlers.</returns>
    public static IHttpClientBuilder AddFoveaClient(this IServiceCollection services, Action<FoveaClientOptions>? configure = null)
    {
        services.AddOptions<FoveaClientOptions>().Configure(configure ?? (_ => { }));
        var http = services.AddHttpClient(Name)
            .AddTypedClient((client, provider) => new FoveaClient(client, Options(provider)));
        http.AddResilienceHandler(Name, (pipeline, context) => Retries.AddTo(pipeline, Options(context.ServiceProvider)));
        return http;
    }

    /// <summary>Adds a health check, named fovea: the service of <see cref="AddFoveaClient"/> is ready for requests.</summary>
    /// <param name="checks">The application's health checks.</param>
    /// <param name="model">A model that must be ready as well; null: no model is checked.</param>
    /// <param name="failure">The result if the service or the model is not ready; null: unhealthy.</param>
    /// <param name="tags">The check's tags; null: no tags.</param>
    public static IHealthChecksBuilder AddFovea(
        this IHealthChecksBuilder checks, string? model = null, HealthStatus? failure = null, IEnumerable<string>? tags = null) =>
        checks.Add(new HealthCheckRegistration(
            Name, provider => new FoveaHealthCheck(provider.GetRequiredService<FoveaClient>(), model), failure, tags));

    private static FoveaClientOptions Options(IServiceProvider provider) =>
        provider.GetRequiredService<IOptions<FoveaClientOptions>>().Value;
}
