using System.Globalization;
using Fovea.Models.Runtime;

namespace Fovea.Api.Scheduling;

/// <summary>A batch size that was measured on this machine.</summary>
/// <param name="Size">The images of a run.</param>
/// <param name="ImagesPerSecond">The images that went through in a second.</param>
/// <param name="Spread">
/// Whether the run was spread over all cores. Otherwise it ran on one core, and as many runs go on side by side as there are cores.
/// </param>
/// <param name="Rewritten">Whether operators ran in faster equivalent forms; logits differ by rounding.</param>
/// <param name="Quantized">Whether the quantised twin of the file ran.</param>
internal sealed record MeasuredSize(
    int Size, double ImagesPerSecond, bool Spread = false, bool Rewritten = false, bool Quantized = false)
{
    /// <summary>The kind of session.</summary>
    internal SessionKind Kind => new(Spread, Rewritten, Quantized);

    /// <summary>Returns the size for logs, for example <c>8 (30.7/s)</c>, <c>1 spread (30.7/s)</c>, <c>4 rewritten (17.1/s)</c> or <c>2
    /// int8 (80.2/s)</c>.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Size}{(Spread ? " spread" : "")}{(Rewritten ? " rewritten" : "")}{(Quantized ? " int8" : "")} ({ImagesPerSecond:F1}/s)");
}
