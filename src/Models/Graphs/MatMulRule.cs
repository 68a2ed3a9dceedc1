namespace Fovea.Models.Graphs;

// Y = A B over the last two axes; the other axes are broadcast. dA = dY B', dB = A' dY. If A is a vector, it counts as a matrix with one
// row; if B is a vector, as a matrix with one column. If B is a single matrix, as in a dense layer over the last axis, all rows of A form
// one matrix: dB = A' dY is then one product, and no gradients of B per batch element need to be stored and summed.
internal static class MatMulRule
{
    /// <summary>The gradient rule of MatMul.</summary>
    public static Value?[] Gradient(Graph g, Node y, Value dY)
    {
        Value a = y[0], b = y[1];
        bool column = b.Shape.Rank == 1;
        var left = a.Shape.Rank == 1 ? g.Reshape(a, new Shape(1, a.Shape[0])) : a;
        var right = column ? g.Reshape(b, new Shape(b.Shape[0], 1)) : b;
        int k = right.Shape[-2], n = right.Shape[-1];
        if (right.Shape.Rank == 2)
        {
            var rows = g.Reshape(left, new Shape((int)left.Shape.Size / k, k));
            var dRows = g.Reshape(dY, new Shape(rows.Shape[0], n));
            return [g.Reshape(g.Gemm(dRows, right, transB: true), a.Shape), g.Reshape(g.Gemm(rows, dRows, transA: true), b.Shape)];
        }

        var d = a.Shape.Rank == 1 ? g.Reshape(dY, new Shape([.. dY.Shape.Dimensions[..^1], 1, n])) : dY;
        return [g.MatMul(d, LastTwoSwapped(g, right)), g.MatMul(LastTwoSwapped(g, left), d)];
    }

    private static Value LastTwoSwapped(Graph g, Value x)
    {
        int rank = x.Shape.Rank;
        return g.Transpose(x, [.. Enumerable.Range(0, rank - 2), rank - 1, rank - 2]);
    }
}
