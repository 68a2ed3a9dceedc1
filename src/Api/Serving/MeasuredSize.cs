using System.Globalization;

namespace Fovea.Api;

/// <summary>A batch size that was run on this machine while nothing else was.</summary>
/// <param name="Size">Images in a batch.</param>
/// <param name="ImagesPerSecond">How many went through it in a second.</param>
/// <param name="Spread">Whether the run was spread over all processors; otherwise as many can go on side by side as there are, each as fast but for what they share.</param>
/// <param name="Rewritten">Whether operators were run in other forms than the file's, with the same result.</param>
internal sealed record MeasuredSize(int Size, double ImagesPerSecond, bool Spread = false, bool Rewritten = false)
{
    /// <summary>For example <c>8 (30.7/s)</c>, <c>1 spread (30.7/s)</c> or <c>4 rewritten (17.1/s)</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Size}{(Spread ? " spread" : "")}{(Rewritten ? " rewritten" : "")} ({ImagesPerSecond:F1}/s)");
}
