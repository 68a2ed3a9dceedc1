namespace Fovea.Api.Tests.Robustness;

public sealed class StressTests
{
    [Fact]
    public async Task Starts_under_load_answer_right_or_not_at_all()
    {
        using var stress = new StressRun(seed: 1, Images.Stroke(SkiaSharp.SKEncodedImageFormat.Png, 96));
        var findings = await stress.Starts(count: 8);
        Assert.True(findings.Faults.Count == 0 && findings.Right > 0, $"{findings}");
    }

    [Fact]
    public async Task Changes_under_load_are_answered_right_or_not_at_all()
    {
        using var stress = new StressRun(seed: 2, Images.Stroke(SkiaSharp.SKEncodedImageFormat.Png, 96));
        var findings = await stress.Changes(TimeSpan.FromSeconds(15));
        Assert.True(findings.Faults.Count == 0 && findings.Right > 0, $"{findings}");
    }
}
