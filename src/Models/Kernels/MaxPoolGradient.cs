using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Fovea.Models.Kernels;

// A window's elements are strided in memory, so windows cannot be compared by vectors. The rows of one row of windows are therefore copied
// apart by the remainder of the column: the elements at one place of neighbouring windows are then neighbours.

/// <summary>
/// Computes the gradient of a max pool's input, from the input x and the gradient dY of the output: the largest element of each window, the
/// first one among equal elements, gets the window's gradient. Each channel of an image is a task of its own, so no sum depends on the
/// order in which threads finish.
/// </summary>
internal sealed unsafe class MaxPoolGradient : OperatorKernel
{
    private readonly PoolShape shape;

    // The floats of one remainder of a row, with room for a last vector, and those of a row with its padding.
    private readonly int partLength, rowLength;

    /// <summary>Prepares a node.</summary>
    /// <param name="shape">The sizes of the pool.</param>
    public MaxPoolGradient(PoolShape shape)
    {
        this.shape = shape;
        partLength = Whole(shape.Columns + ((shape.KernelWidth - 1) / shape.StrideAcross)) + Width;
        rowLength = Math.Max(partLength * shape.StrideAcross, Whole(shape.Left + shape.Width));
        TileScratch.AddUser();
    }

    private static int Width => Vector256<float>.Count;

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

    /// <inheritdoc/>
    public override void Dispose()
    {
        TileScratch.RemoveUser();
        base.Dispose();
    }

    private static int Whole(int count) => (count + Width - 1) / Width * Width;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scatter(float* from, float* gradients, float* to)
    {
        int parts = shape.KernelHeight * shape.StrideAcross * partLength;
        using var scratch = new TileScratch(parts + rowLength + partLength);
        float* rows = scratch.Start, padded = rows + parts;
        int* largest = (int*)(padded + rowLength);
        new Span<float>(padded, rowLength).Fill(float.NegativeInfinity);
        new Span<float>(to, shape.Height * shape.Width).Clear();
        for (int row = 0; row < shape.Rows; row++)
        {
            int top = (row * shape.StrideDown) - shape.Top;
            int first = Math.Max(top, 0), count = Math.Min(top + shape.KernelHeight, shape.Height) - first;
            for (int y = 0; y < count; y++)
            {
                Separate(from + ((first + y) * shape.Width), padded, rows + (y * shape.StrideAcross * partLength));
            }

            FindLargest(rows, first, count, largest);
            float* given = gradients + (row * shape.Columns);
            for (int column = 0; column < shape.Columns; column++)
            {
                to[largest[column]] += given[column];
            }
        }
    }

    // Copies a row into the middle of a padded one, and from there each remainder of the columns into a part of its own.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Separate(float* row, float* padded, float* parts)
    {
        new ReadOnlySpan<float>(row, shape.Width).CopyTo(new Span<float>(padded + shape.Left, shape.Width));
        int stride = shape.StrideAcross;
        if (stride == 2)
        {
            for (int i = 0; i < partLength; i += Width)
            {
                var low = Vector256.Load(padded + (2 * i)).AsUInt64();
                var high = Vector256.Load(padded + (2 * i) + Width).AsUInt64();
                Vector256.Narrow(low, high).AsSingle().Store(parts + i);
                Vector256.Narrow(low >>> 32, high >>> 32).AsSingle().Store(parts + partLength + i);
            }

            return;
        }

        for (int remainder = 0; remainder < stride; remainder++)
        {
            for (int i = 0; i < partLength; i++)
            {
                parts[(remainder * partLength) + i] = padded[(i * stride) + remainder];
            }
        }
    }

    // Finds the place in the plane of the largest element of each window. The padding is never larger than an element.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FindLargest(float* rows, int firstRow, int count, int* places)
    {
        int stride = shape.StrideAcross;
        for (int column = 0; column < shape.Columns; column += Width)
        {
            var left = ((Vector256<int>.Indices + Vector256.Create(column)) * stride) - Vector256.Create(shape.Left);
            var best = Vector256.Max(left, Vector256<int>.Zero) + Vector256.Create(firstRow * shape.Width);
            var largest = Vector256.Create(float.NegativeInfinity);
            for (int y = 0; y < count; y++)
            {
                var place = left + Vector256.Create((firstRow + y) * shape.Width);
                for (int x = 0; x < shape.KernelWidth; x++)
                {
                    var value = Vector256.Load(rows + (((y * stride) + (x % stride)) * partLength) + column + (x / stride));
                    var isLarger = Vector256.GreaterThan(value, largest);
                    largest = Vector256.ConditionalSelect(isLarger, value, largest);
                    best = Vector256.ConditionalSelect(isLarger.AsInt32(), place + Vector256.Create(x), best);
                }
            }

            best.Store(places + column);
        }
    }
}
