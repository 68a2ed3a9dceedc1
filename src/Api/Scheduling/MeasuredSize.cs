using System.Globalization;
using Fovea.Models.Runtime;

namespace Fovea.Api.Scheduling;

/// <summary>A batch size that was measured on this machine.</summary>
/// <param name="Size">The number of images in a run.</param>
/// <param name="ImagesPerSecond">The images that one run classifies per second.</param>
/// <param name="Spread">
/// True: the run was spread over all cores. False: it ran on one core, and as many runs go on side by side as there are cores.
/// </param>
/// <param name="Rewritten">Whether operators ran in faster equivalent forms. The logits then differ by rounding errors.</param>
/// <param name="Quantized">Whether the quantised twin of the model file ran.</param>
internal sealed record MeasuredSize(
    int Size, double ImagesPerSecond, bool Spread = false, bool Rewritten = false, bool Quantized = false)
{
    /// <summary>The kind of session.</summary>
    internal SessionKind Kind => new(Spread, Rewritten, Quantized);

    /// <summary>
    /// Returns the size as text for logs, for example <c>8 (30.7/s)</c>, <c>1 spread (30.7/s)</c>, <c>4 rewritten (17.1/s)</c> or
    /// <c>2 int8 (80.2/s)</c>.
    /// </summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Size}{(Spread ? " spread" : "")}{(Rewritten ? " rewritten" : "")}{(Quantized ? " int8" : "")} ({ImagesPerSecond:F1}/s)");
}
