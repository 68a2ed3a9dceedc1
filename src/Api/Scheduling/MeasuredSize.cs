using System.Globalization;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;

namespace Fovea.Api.Scheduling;

/// <summary>A batch size that was measured on this machine.</summary>
/// <param name="Size">The number of images in a run.</param>
/// <param name="ImagesPerSecond">The images that one run classifies per second.</param>
/// <param name="Spread">
/// True: the run was spread over all cores. False: it ran on one core, and as many runs go on side by side as there are cores.
/// </param>
/// <param name="Rewritten">Whether operators ran in faster equivalent forms. The logits then differ by rounding errors.</param>
/// <param name="Quantized">Whether the twin of 8-bit integers ran.</param>
/// <param name="Fp16">Whether the twin of 16-bit floats ran.</param>
internal sealed record MeasuredSize(
    int Size, double ImagesPerSecond, bool Spread = false, bool Rewritten = false, bool Quantized = false, bool Fp16 = false)
{
    /// <summary>The kind of session.</summary>
    internal SessionKind Kind => new(Spread, Rewritten, Quantized ? QuantizedNumbers.Int8 : Fp16 ? QuantizedNumbers.Fp16 : null);

    /// <summary>
    /// Returns a size that was measured in a session of a kind. The caller sets <c>Spread</c>, which this method leaves false.
    /// </summary>
    internal static MeasuredSize Of(int size, double imagesPerSecond, SessionKind kind) => new(
        size,
        imagesPerSecond,
        Rewritten: kind.Rewritten,
        Quantized: kind.Quantized == QuantizedNumbers.Int8,
        Fp16: kind.Quantized == QuantizedNumbers.Fp16);

    /// <summary>
    /// Returns the size as text for logs, for example <c>8 (30.7/s)</c>, <c>1 spread (30.7/s)</c>, <c>4 rewritten (17.1/s)</c>,
    /// <c>2 int8 (80.2/s)</c> or <c>32 fp16 (5120.4/s)</c>.
    /// </summary>
    public override string ToString()
    {
        var form = $"{(Spread ? " spread" : "")}{(Rewritten ? " rewritten" : "")}{(Quantized ? " int8" : "")}{(Fp16 ? " fp16" : "")}";
        return string.Create(CultureInfo.InvariantCulture, $"{Size}{form} ({ImagesPerSecond:F1}/s)");
    }
}
