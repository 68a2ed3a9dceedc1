using System.Runtime.CompilerServices;

namespace Fovea.Models.Kernels;

/// <summary>
/// Computes the gradient of a max pool's input, from the input x and the gradient dY of the output: the largest element of each window, the
/// first one among equal elements, gets the window's gradient. Each channel of an image is a task of its own, so no sum depends on the
/// order in which threads finish.
/// </summary>
internal sealed unsafe class MaxPoolGradient(PoolShape shape) : OperatorKernel
{
    /// <inheritdoc/>
    public override void Compute(nint context)
    {
        nint x = RuntimeApi.Input(context, 0), dY = RuntimeApi.Input(context, 1);
        nint plane = (nint)shape.Height * shape.Width, windows = (nint)shape.Rows * shape.Columns;
        int planes = checked((int)(RuntimeApi.Count(x) / plane));
        if (RuntimeApi.Count(dY) != planes * windows)
        {
            throw new InvalidOperationException(
                $"The gradient of a pool has {RuntimeApi.Count(dY)} elements; expected {planes * windows}.");
        }

        float* from = RuntimeApi.Floats(x), gradients = RuntimeApi.Floats(dY);
        float* to = RuntimeApi.Floats(RuntimeApi.OutputLike(context, x));
        RuntimeApi.Parallel(context, planes, i => Scatter(from + (i * plane), gradients + (i * windows), to + (i * plane)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scatter(float* from, float* gradients, float* to)
    {
        new Span<float>(to, shape.Height * shape.Width).Clear();
        for (int row = 0; row < shape.Rows; row++)
        {
            int top = (row * shape.StrideDown) - shape.Top;
            int firstRow = Math.Max(top, 0), endRow = Math.Min(top + shape.KernelHeight, shape.Height);
            for (int column = 0; column < shape.Columns; column++)
            {
                int left = (column * shape.StrideAcross) - shape.Left;
                int first = Math.Max(left, 0), end = Math.Min(left + shape.KernelWidth, shape.Width);
                int best = (firstRow * shape.Width) + first;
                float largest = from[best];
                for (int y = firstRow; y < endRow; y++)
                {
                    for (int i = (y * shape.Width) + first; i < (y * shape.Width) + end; i++)
                    {
                        if (from[i] > largest)
                        {
                            (largest, best) = (from[i], i);
                        }
                    }
                }

                to[best] += gradients[(row * shape.Columns) + column];
            }
        }
    }
}
