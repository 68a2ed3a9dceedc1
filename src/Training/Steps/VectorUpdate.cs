using System.Numerics;
using System.Runtime.InteropServices;
using Fovea.Training.Optimizers;

namespace Fovea.Training.Steps;

/// <summary>
/// Runs an optimizer's rule in main memory by the processor's vectors: one pass over parameters, gradients and state, where a graph of
/// elementwise operators takes a pass for each operator. All results equal the graph's.
/// </summary>
internal static class VectorUpdate
{
    // A thread updates this many floats at a time. Fewer floats are not worth a second thread.
    private const int Block = 1 << 18;

    /// <summary>Updates a range of parameters and of their state.</summary>
    /// <param name="optimizer">The rule.</param>
    /// <param name="rates">The rule's numbers for this step.</param>
    /// <param name="offset">The index of the range's first float.</param>
    /// <param name="length">The number of floats.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="gradients">Their gradients.</param>
    /// <param name="states">The state, at most two buffers.</param>
    public static void Run(
        Optimizer optimizer, float[] rates, int offset, int length, FloatBuffer parameters, FloatBuffer gradients,
        IReadOnlyList<FloatBuffer> states)
    {
        int blocks = (length + Block - 1) / Block;
        if (blocks <= 1)
        {
            Update(0);
        }
        else
        {
            Parallel.For(0, blocks, Update);
        }

        void Update(int block)
        {
            int start = offset + (block * Block), count = Math.Min(Block, offset + length - start);
            int rest = count % Vector<float>.Count, whole = count - rest;
            optimizer.Apply(
                Vectors(parameters, start, whole), Vectors(gradients, start, whole), State(0, start, whole), State(1, start, whole), rates);
            if (rest > 0)
            {
                UpdateRest(start + whole, rest);
            }
        }

        // Floats that do not fill a vector are updated in copies.
        void UpdateRest(int start, int count)
        {
            Span<Vector<float>> copies = stackalloc Vector<float>[4];
            FloatBuffer?[] buffers = [parameters, gradients, states.ElementAtOrDefault(0), states.ElementAtOrDefault(1)];
            var floats = MemoryMarshal.Cast<Vector<float>, float>(copies);
            for (int i = 0; i < copies.Length; i++)
            {
                buffers[i]?.Floats.Slice(start, count).CopyTo(floats[(i * Vector<float>.Count)..]);
            }

            optimizer.Apply(copies[..1], copies.Slice(1, 1), copies.Slice(2, 1), copies.Slice(3, 1), rates);
            for (int i = 0; i < copies.Length; i++)
            {
                if (buffers[i] is { } buffer)
                {
                    floats.Slice(i * Vector<float>.Count, count).CopyTo(buffer.Floats[start..]);
                }
            }
        }

        Span<Vector<float>> State(int number, int start, int count) =>
            number < states.Count ? Vectors(states[number], start, count) : [];
    }

    private static Span<Vector<float>> Vectors(FloatBuffer buffer, int start, int count) =>
        MemoryMarshal.Cast<float, Vector<float>>(buffer.Floats.Slice(start, count));
}
