using System.Runtime.Intrinsics;

namespace Fovea.Models.Kernels;

/// <summary>
/// Computes the gradient of y = max(x, 0) from dY, y and, if there is one, an addend of dY: dY where y is over 0, else 0. ONNX has no
/// operator for it that reads each number once.
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

        nint other = RuntimeApi.InputCount(context) > 2 ? RuntimeApi.Input(context, 2) : 0;
        if (other != 0 && RuntimeApi.Count(other) != count)
        {
            throw new InvalidOperationException($"The addend of a gradient has {RuntimeApi.Count(other)} elements; expected {count}.");
        }

        float* addend = other == 0 ? null : RuntimeApi.Floats(other);
        float* gradients = RuntimeApi.Floats(dY), values = RuntimeApi.Floats(y);
        float* results = RuntimeApi.Floats(RuntimeApi.OutputLike(context, y));
        RuntimeApi.Parallel(context, (int)((count + Part - 1) / Part), part =>
        {
            nint first = (nint)part * Part;
            float* added = addend is null ? null : addend + first;
            Select(gradients + first, added, values + first, results + first, (int)Math.Min(Part, count - first));
        });
    }

    private static void Select(float* gradients, float* addend, float* values, float* results, int count)
    {
        int i = 0;
        for (; i + Vector256<float>.Count <= count; i += Vector256<float>.Count)
        {
            var isPassed = Vector256.GreaterThan(Vector256.Load(values + i), Vector256<float>.Zero);
            var gradient = Vector256.Load(gradients + i);
            ((addend is null ? gradient : gradient + Vector256.Load(addend + i)) & isPassed).Store(results + i);
        }

        for (; i < count; i++)
        {
            results[i] = values[i] > 0 ? gradients[i] + (addend is null ? 0 : addend[i]) : 0;
        }
    }
}
