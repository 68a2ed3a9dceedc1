namespace Fovea.Api.Tests;

/// <summary>All services of a process count together, so this model is called what no other test calls one.</summary>
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
        var metrics = await service.Metrics();
        foreach (var stage in new[] { "admit", "decode", "queue", "infer", "write" })
        {
            Assert.Contains($"fovea_stage_duration_seconds_count{{otel_scope_name=\"Fovea\",model=\"counted\",stage=\"{stage}\"}}", metrics, StringComparison.Ordinal);
        }

        Assert.Contains("fovea_batch_images_total{otel_scope_name=\"Fovea\",model=\"counted\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains("model=\"counted\",outcome=\"ok\",reason=\"none\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains("model=\"counted\",outcome=\"refused\",reason=\"damaged_image\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains("model=\"none\",outcome=\"refused\",reason=\"unknown_model\"} ", metrics, StringComparison.Ordinal);
        Assert.Contains("fovea_model_load_duration_seconds_count", metrics, StringComparison.Ordinal);

        // What classifies is not measured a second time by the server, as the other routes are.
        Assert.Contains("http_route=\"/health/ready\"", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("http_route=\"/classify", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("http_server_active_requests", metrics, StringComparison.Ordinal);
    }
}
