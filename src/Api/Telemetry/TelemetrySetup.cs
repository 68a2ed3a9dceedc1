using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Fovea.Api.Telemetry;

/// <summary>
/// Serves metrics in Prometheus' format at <c>/metrics</c>. Exports traces over OTLP if OTEL_EXPORTER_OTLP_ENDPOINT is set.
/// </summary>
internal static class TelemetrySetup
{
    private const string Service = "fovea", Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Metrics>();
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource =>
                resource.AddService(Service, serviceVersion: typeof(TelemetrySetup).Assembly.GetName().Version?.ToString(3)))
            .WithMetrics(metrics => metrics.AddServiceMeters().AddPrometheusExporter());
        if (!string.IsNullOrEmpty(builder.Configuration[Endpoint]))
        {
            telemetry.WithTracing(traces => traces.AddSource(Traces.Name).AddAspNetCoreInstrumentation().AddOtlpExporter());
        }
    }

    /// <summary>Adds the meters that <c>/metrics</c> exports.</summary>
    public static MeterProviderBuilder AddServiceMeters(this MeterProviderBuilder metrics) =>
        metrics.AddMeter(Metrics.Name, "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime");

    public static void MapTelemetry(this WebApplication app) =>
        app.MapPrometheusScrapingEndpoint("/metrics").WithTags("Health").WithSummary("Get metrics in Prometheus' format");
}
