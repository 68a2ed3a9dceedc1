using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Runtime;

/// <summary>An ONNX Runtime session on a loaded model. Several threads may run it at the same time.</summary>
public sealed class ModelSession : IDisposable
{
    internal ModelSession(InferenceSession session, SessionKind kind) => (Inner, Kind) = (session, kind);

    /// <summary>The way in which the session runs the network: on how many cores, and rewritten or not.</summary>
    public SessionKind Kind { get; }

    internal InferenceSession Inner { get; }

    /// <summary>
    /// Frees the session. Before, all runs must be complete, and every <see cref="InferenceBatch"/> that ran in it must be disposed.
    /// </summary>
    public void Dispose() => Inner.Dispose();
}
