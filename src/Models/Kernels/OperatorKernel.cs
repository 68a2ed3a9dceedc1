namespace Fovea.Models.Kernels;

/// <summary>A node of one of Fovea's own operators in a session.</summary>
internal abstract class OperatorKernel : IDisposable
{
    /// <summary>Computes the node's outputs from its inputs.</summary>
    /// <param name="context">The run of the node in ONNX Runtime.</param>
    public abstract void Compute(nint context);

    /// <summary>Frees what the node keeps between runs.</summary>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}
