using Fovea.Models.Metadata;

namespace Fovea.Models.Runtime;

/// <summary>The way in which a session runs a network.</summary>
/// <param name="Spread">
/// Whether a run uses all cores (or the GPU). If false, a run stays on the calling thread, and as many runs execute at the same time as
/// there are cores: the throughput is higher, but a single image takes longer.
/// </param>
/// <param name="Rewritten">
/// Whether some operators are replaced by faster equivalents, see <c>RewriteTable</c>. The logits then differ by rounding.
/// </param>
/// <param name="Quantized">
/// The numbers of the quantised twin that the session runs, see <see cref="QuantizedTwin"/>; <c>null</c> for the file itself. The twin's
/// answers may differ.
/// </param>
public readonly record struct SessionKind(bool Spread, bool Rewritten = false, QuantizedNumbers? Quantized = null)
{
    /// <summary>A run uses all cores and the graph of the file.</summary>
    public static readonly SessionKind AllCores = new(Spread: true);

    /// <summary>A run uses all cores and the rewritten graph.</summary>
    public static readonly SessionKind AllCoresRewritten = new(Spread: true, Rewritten: true);

    /// <summary>A run uses one core and the graph of the file.</summary>
    public static readonly SessionKind OneCore = new(Spread: false);

    /// <summary>A run uses one core and the rewritten graph.</summary>
    public static readonly SessionKind OneCoreRewritten = new(Spread: false, Rewritten: true);

    /// <summary>A run uses one core and the twin of 8-bit integers.</summary>
    public static readonly SessionKind OneCoreInt8 = new(Spread: false, Quantized: QuantizedNumbers.Int8);

    /// <summary>A run uses one core and the twin of 16-bit floats.</summary>
    public static readonly SessionKind OneCoreFp16 = new(Spread: false, Quantized: QuantizedNumbers.Fp16);

    /// <summary>A run uses the GPU and the twin of 16-bit floats.</summary>
    public static readonly SessionKind AllCoresFp16 = new(Spread: true, Quantized: QuantizedNumbers.Fp16);
}
