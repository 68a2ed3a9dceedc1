using System.Globalization;

namespace Fovea.Api;

/// <summary>A batch size that was run alone on this machine.</summary>
/// <param name="Size">Images in a batch.</param>
/// <param name="ImagesPerSecond">How many went through it in a second.</param>
internal sealed record MeasuredSize(int Size, double ImagesPerSecond)
{
    /// <summary>For example <c>8 (30.7/s)</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Size} ({ImagesPerSecond:F1}/s)");
}
