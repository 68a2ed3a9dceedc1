using System.Collections.Immutable;
using Fovea.Models;

namespace Fovea.Training;

// Many operators map an axis by a matrix, whatever the other axes hold: Y[..o..] = sum over i of M[o, i] X[..i..]. Then dX[..i..] = sum over o of M[o, i] dY[..o..],
// one matrix product, which runs on all threads and adds what meets always in the same order.
internal static class AxisMap
{
    /// <summary>dX in the given shape; the map is M[o, i], and o may span several axes of dY.</summary>
    public static Value Back(Graph g, Value dY, Value map, int axis, Shape x)
    {
        int outer = Product(x.Dimensions[..axis]), inner = Product(x.Dimensions[(axis + 1)..]), o = map.Shape[0];
        var dX = inner == 1
            ? g.MatMul(g.Reshape(dY, new Shape(outer, o)), map)
            : g.MatMul(g.Transpose(map, 1, 0), g.Reshape(dY, new Shape(outer, o, inner)));
        return g.Reshape(dX, x);
    }

    /// <summary>The same for a matrix that holds few numbers: those of each row, with their columns.</summary>
    public static Value Back(Graph g, Value dY, int axis, int size, Func<int, IEnumerable<(int Column, float Weight)>> row)
    {
        int rows = dY.Shape[axis];
        var map = Tensor.Drawn(new Shape(rows, size), m =>
        {
            m.Clear();
            for (int o = 0; o < rows; o++)
            {
                foreach (var (column, weight) in row(o))
                {
                    m[o * size + column] += weight;
                }
            }
        });
        return Back(g, dY, g.Constant(map), axis, dY.Shape.With(axis, size));
    }

    private static int Product(ImmutableArray<int> dimensions) => dimensions.Aggregate(1, (product, dimension) => product * dimension);
}
