using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Robustness.Stress;

namespace Fovea.Api.Tests.Robustness;

[Trait("Needs", "stress")]
public sealed class StressTests
{
    [Fact]
    public async Task Service_started_under_load_never_answers_wrongly()
    {
        using var stress = new StressRun(seed: 1, Images.Stroke(SkiaSharp.SKEncodedImageFormat.Png, 96));
        var findings = await stress.Starts(count: 8);
        Assert.True(findings.Faults.Count == 0 && findings.Right > 0, $"{findings}");
    }

    [Fact]
    public async Task Sessions_that_change_under_load_never_answer_wrongly()
    {
        using var stress = new StressRun(seed: 3, Images.Stroke(SkiaSharp.SKEncodedImageFormat.Png, 96));
        var findings = await stress.SessionChanges(count: 200);
        Assert.True(findings.Faults.Count == 0 && findings.Right > 0, $"{findings}");
    }

    [Fact]
    public async Task Service_under_load_never_answers_wrongly_while_models_change()
    {
        using var stress = new StressRun(seed: 2, Images.Stroke(SkiaSharp.SKEncodedImageFormat.Png, 96));
        var findings = await stress.Changes(TimeSpan.FromSeconds(15));
        Assert.True(findings.Faults.Count == 0 && findings.Right > 0, $"{findings}");
    }
}
