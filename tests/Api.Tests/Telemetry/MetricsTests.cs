namespace Fovea.Api.Tests;

public sealed class MetricsTests
{
    [Fact]
    public async Task Each_stage_each_batch_and_each_outcome_is_counted()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(repository);
        await service.Post("/classify/lenet5", Images.Digit.As(null));
        await service.Post("/classify/lenet5", Images.TruncatedPng.As(null));
        await service.Post("/classify/none", Images.Digit.As(null));
        var metrics = await service.Metrics();
        foreach (var stage in new[] { "admit", "decode", "queue", "infer", "write" })
        {
            Assert.Contains($"fovea_stage_duration_seconds_count{{otel_scope_name=\"Fovea\",model=\"lenet5\",stage=\"{stage}\"}}", metrics, StringComparison.Ordinal);
        }

        Assert.Contains("fovea_batch_images_total{otel_scope_name=\"Fovea\",model=\"lenet5\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains("outcome=\"ok\",reason=\"none\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains("model=\"lenet5\",outcome=\"refused\",reason=\"damaged_image\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains("model=\"none\",outcome=\"refused\",reason=\"unknown_model\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains("fovea_model_load_duration_seconds_count", metrics, StringComparison.Ordinal);
    }
}
