namespace Fovea.Models.Graphs;

// Y[p,q] = mean of X over the window at (p,q). Each element of X receives dY / count from every window that contains it.
// Windows of R x S elements that tile the input exactly: dX = dY[.., Q] U[Q, R W], one matrix product. U copies column q to the S columns
// of its window, R times, and divides by R S.
// Other windows: dX = ConvTranspose(dY / count, ones), depthwise.
internal static class AveragePoolRule
{
    /// <summary>The gradient rule of AveragePool.</summary>
    public static Value?[] Gradient(Graph g, Node y, Value dY)
    {
        var window = Window.Of(y);
        var x = y[0].Shape;
        return [Tiles(window, x, dY.Shape) ? Stretch(g, dY, window, x) : Spread(g, y, dY, window, x)];
    }

    private static bool Tiles(Window window, Shape x, Shape y) => window.Kernel.SequenceEqual(window.Strides) && window.Dilations is [1, 1]
        && window.Before is [0, 0] && x[2] == y[2] * window.Kernel[0] && x[3] == y[3] * window.Kernel[1];

    private static Value Stretch(Graph g, Value dY, Window window, Shape x)
    {
        int rows = x[0] * x[1] * dY.Shape[2], q = dY.Shape[3], r = window.Kernel[0], s = window.Kernel[1];
        var stretch = Tensor.Drawn(new Shape(q, r * x[3]), u =>
        {
            u.Clear();
            for (int copy = 0; copy < r * x[3]; copy++)
            {
                u[copy % x[3] / s * r * x[3] + copy] = 1f / (r * s);
            }
        });
        return g.Reshape(g.MatMul(g.Reshape(dY, new Shape(rows, q)), g.Constant(stretch)), x);
    }

    private static Value Spread(Graph g, Node y, Value dY, Window window, Shape x)
    {
        bool countPadding = y.Int("count_include_pad") != 0;
        var inverse = Tensor.Drawn(new Shape(1, 1, dY.Shape[2], dY.Shape[3]), counts =>
        {
            for (int i = 0; i < counts.Length; i++)
            {
                counts[i] = 1f / (Elements(0, i / dY.Shape[3]) * Elements(1, i % dY.Shape[3]));
            }
        });
        var ones = Tensor.Drawn(new Shape(x[1], 1, window.Kernel[0], window.Kernel[1]), kernel => kernel.Fill(1));
        return TransposedConv.ToSize(g, dY * g.Constant(inverse), g.Constant(ones), window, x, group: x[1]);

        // Counts the elements of one window along an axis: those inside the image, and those in the padding if the operator counts padding.
        int Elements(int axis, int step)
        {
            int size = x[axis + 2], start = step * window.Strides[axis] - window.Before[axis];
            var (low, high) = countPadding ? (-window.Before[axis], size + window.After[axis]) : (0, size);
            var positions = Enumerable.Range(0, window.Kernel[axis]).Select(k => start + k * window.Dilations[axis]);
            return positions.Count(position => position >= low && position < high);
        }
    }
}
