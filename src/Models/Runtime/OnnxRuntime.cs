
namespace Fovea.Models;

/// <summary>How Fovea uses ONNX Runtime: one environment and one pool of threads for all sessions of the process.</summary>
public static class OnnxRuntime
{
}
