using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Runtime;

/// <summary>How a session runs a network.</summary>
/// <param name="Spread">
/// Whether a run uses all cores (or the GPU). Otherwise a run stays on the thread that calls it, and as many runs go on side by side as
/// there are cores: more images go through, and a lone image takes longer.
/// </param>
/// <param name="Rewritten">
/// Whether some operators are replaced by faster equivalents, see <c>RewriteTable</c>. Logits differ by rounding. Only where not
/// spread.
/// </param>
/// <param name="Quantized">
/// Whether the session runs the quantised twin of the file, see <see cref="QuantizedTwin"/>. Its answers may differ. Only where not spread.
/// </param>
public readonly record struct SessionKind(bool Spread, bool Rewritten = false, bool Quantized = false)
{
    /// <summary>Runs use all cores and the graph of the file.</summary>
    public static readonly SessionKind AllCores = new(Spread: true);

    /// <summary>Each run uses one core and the graph of the file.</summary>
    public static readonly SessionKind OneCore = new(Spread: false);

    /// <summary>Each run uses one core and the rewritten graph.</summary>
    public static readonly SessionKind OneCoreRewritten = new(Spread: false, Rewritten: true);

    /// <summary>Each run uses one core and the quantised twin.</summary>
    public static readonly SessionKind OneCoreQuantized = new(Spread: false, Quantized: true);
}

/// <summary>A session on a loaded model. Several threads may run it at once.</summary>
public sealed class ModelSession : IDisposable
{
    internal ModelSession(InferenceSession session, SessionKind kind) => (Inner, Kind) = (session, kind);

    /// <summary>How it runs.</summary>
    public SessionKind Kind { get; }

    internal InferenceSession Inner { get; }

    /// <summary>Frees the session; no run may be under way, and no <see cref="InferenceBatch"/> that has run in it may be left.</summary>
    public void Dispose() => Inner.Dispose();
}
