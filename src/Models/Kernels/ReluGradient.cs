using System.Runtime.Intrinsics;

namespace Fovea.Models.Kernels;

/// <summary>
/// Computes the gradient of y = max(x, 0) from dY and y: dY where y is over 0, else 0. ONNX has no operator for it that reads each number
/// once.
/// </summary>
internal sealed unsafe class ReluGradient : OperatorKernel
{
    // Threads are worth their start from this many elements on.
    private const int Part = 1 << 16;

    /// <inheritdoc/>
    public override void Compute(nint context)
    {
        nint dY = RuntimeApi.Input(context, 0), y = RuntimeApi.Input(context, 1);
        long count = RuntimeApi.Count(y);
        if (RuntimeApi.Count(dY) != count)
        {
            throw new InvalidOperationException($"The gradient of a ReLU has {RuntimeApi.Count(dY)} elements; expected {count}.");
        }

        float* gradients = RuntimeApi.Floats(dY), values = RuntimeApi.Floats(y);
        float* results = RuntimeApi.Floats(RuntimeApi.OutputLike(context, y));
        RuntimeApi.Parallel(context, (int)((count + Part - 1) / Part), part =>
        {
            nint first = (nint)part * Part;
            Select(gradients + first, values + first, results + first, (int)Math.Min(Part, count - first));
        });
    }

    private static void Select(float* gradients, float* values, float* results, int count)
    {
        int i = 0;
        for (; i + Vector256<float>.Count <= count; i += Vector256<float>.Count)
        {
            var isPassed = Vector256.GreaterThan(Vector256.Load(values + i), Vector256<float>.Zero);
            (Vector256.Load(gradients + i) & isPassed).Store(results + i);
        }

        for (; i < count; i++)
        {
            results[i] = values[i] > 0 ? gradients[i] : 0;
        }
    }
}
