using System.Runtime.CompilerServices;

namespace Fovea.Models.Kernels;

/// <summary>
/// Interleaves images: the pixel (a, b) of each cell of 2x2 pixels of the output comes from the phase (a, b), an input [N, C, rows,
/// columns]. The inputs are the phases row by row; a phase without an input is filled with zeros. ONNX's DepthToSpace needs phases of one
/// size, in one tensor.
/// </summary>
internal sealed unsafe class PhaseInterleaving(PhaseShape shape) : OperatorKernel
{
    // A thread is worth its start for about this many elements.
    private const int Part = 1 << 15;

    /// <inheritdoc/>
    public override void Compute(nint context)
    {
        nint* phases = stackalloc nint[PhaseShape.Phases];
        int given = RuntimeApi.InputCount(context), planes = 0;
        for (int i = 0; i < PhaseShape.Phases; i++)
        {
            nint tensor = i < given ? RuntimeApi.Input(context, i) : 0;
            phases[i] = tensor == 0 ? 0 : (nint)RuntimeApi.Floats(tensor);
            long size = (long)shape.Rows(i / 2) * shape.Columns(i % 2);
            planes = i == 0 ? checked((int)(RuntimeApi.Count(tensor) / size)) : planes;
            if (tensor != 0 && RuntimeApi.Count(tensor) != planes * size)
            {
                throw new InvalidOperationException(
                    $"Phase {i} of an image has {RuntimeApi.Count(tensor)} elements; expected {planes * size}.");
            }
        }

        nint plane = (nint)shape.Height * shape.Width;
        float* to = RuntimeApi.Floats(RuntimeApi.Output(context, planes / shape.Channels, shape.Channels, shape.Height, shape.Width));
        int ofPart = (int)Math.Max(1, Part / plane);
        RuntimeApi.Parallel(context, (planes + ofPart - 1) / ofPart, part =>
        {
            for (int i = part * ofPart; i < Math.Min(planes, (part + 1) * ofPart); i++)
            {
                Fill(phases, i, to + (i * plane));
            }
        });
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Fill(nint* phases, int number, float* to)
    {
        for (int y = 0; y < shape.Height; y++)
        {
            int row = y % 2;
            float* even = Row(0), odd = Row(1), line = to + ((nint)y * shape.Width);
            if (even is null && odd is null)
            {
                new Span<float>(line, shape.Width).Clear();
            }
            else
            {
                Interleave(even, odd, line);
            }

            float* Row(int column)
            {
                var phase = (float*)phases[(row * 2) + column];
                int columns = shape.Columns(column);
                return phase is null ? null : phase + ((((nint)number * shape.Rows(row)) + (y / 2)) * columns);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Interleave(float* even, float* odd, float* to)
    {
        int pairs = shape.Width / 2;
        for (int i = 0; i < pairs; i++)
        {
            to[2 * i] = even is null ? 0 : even[i];
            to[(2 * i) + 1] = odd is null ? 0 : odd[i];
        }

        if (shape.Width % 2 == 1)
        {
            to[2 * pairs] = even is null ? 0 : even[pairs];
        }
    }
}
