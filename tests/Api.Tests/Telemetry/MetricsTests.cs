using System.Net;
using Fovea.Api.ModelRepository;
using Fovea.Api.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Fovea.Api.Tests.Telemetry;

/// <summary>All services of a process share their metrics, so this model has a name that no other test uses.</summary>
public sealed class MetricsTests
{
    [Fact]
    public async Task Each_stage_each_batch_and_each_outcome_is_counted()
    {
        using var repository = new Repository().With("counted", 1);
        await using var service = await TestService.StartReady(repository);
        await service.Post("/classify/counted", Images.Digit.As(null));
        await service.Post("/classify/counted", Images.TruncatedPng.As(null));
        await service.Post("/classify/not-there", Images.Digit.As(null));
        using var invented = await service.Client.SendAsync(new(new("INVENTED"), "/no-such-route"), TestContext.Current.CancellationToken);
        var metrics = await service.Metrics();
        foreach (var stage in new[] { "admit", "decode", "queue", "infer", "write" })
        {
            Assert.Contains(
                $"fovea_stage_duration_seconds_count{{otel_scope_name=\"Fovea\",model=\"counted\",stage=\"{stage}\"}}",
                metrics,
                StringComparison.Ordinal);
        }

        Assert.Contains("fovea_batch_images_total{otel_scope_name=\"Fovea\",model=\"counted\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains("model=\"counted\",outcome=\"ok\",reason=\"none\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains("model=\"counted\",outcome=\"refused\",reason=\"damaged_image\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains("model=\"none\",outcome=\"refused\",reason=\"unknown_model\"} ", metrics, StringComparison.Ordinal);

        // A classify request is not measured a second time as an HTTP request.
        Assert.Contains(
            "http_server_request_duration_seconds_count{otel_scope_name=\"Fovea\",http_request_method=\"GET\","
                + "http_response_status_code=\"200\",http_route=\"/health/ready\"}",
            metrics,
            StringComparison.Ordinal);
        Assert.DoesNotContain("http_route=\"/classify", metrics, StringComparison.Ordinal);

        // A method that a client has invented does not start a time series.
        Assert.Equal(HttpStatusCode.NotFound, invented.StatusCode);
        Assert.Contains("http_request_method=\"_OTHER\",http_response_status_code=\"404\"", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("INVENTED", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Model_that_is_loaded_before_the_service_has_started_is_counted()
    {
        using var repository = new Repository().With("early", 1);
        await using var service = await TestService.Start(
            repository,
            app => Assert.True(SpinWait.SpinUntil(() => app.Services.GetRequiredService<ModelStore>().IsLoaded, TimeSpan.FromSeconds(60))));
        Assert.Contains(
            "fovea_model_load_duration_seconds_count{otel_scope_name=\"Fovea\",model=\"early\",outcome=\"ok\"} 1",
            await service.Metrics(),
            StringComparison.Ordinal);
    }
}
