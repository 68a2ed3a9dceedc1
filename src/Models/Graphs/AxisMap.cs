using System.Collections.Immutable;

namespace Fovea.Models.Graphs;

// Y[..o..] = sum over i of M[o, i] X[..i..], a linear map M of one axis.
// dX[..i..] = sum over o of M[o, i] dY[..o..], the transposed map.
// Gather, Pad and Resize are such maps. The gradient is one matrix product, which runs on all threads and always adds in the same order.
internal static class AxisMap
{
    /// <summary>Adds the gradient of a linear map of one axis.</summary>
    /// <param name="g">The graph.</param>
    /// <param name="dY">The gradient of the output; the axis o may consist of several axes.</param>
    /// <param name="map">M, [o, i].</param>
    /// <param name="axis">The mapped axis of X, from 0.</param>
    /// <param name="x">The shape of X.</param>
    /// <returns>dX, in the shape of X.</returns>
    public static Value Transposed(Graph g, Value dY, Value map, int axis, Shape x)
    {
        int outer = Product(x.Dimensions[..axis]), inner = Product(x.Dimensions[(axis + 1)..]), o = map.Shape[0];
        var dX = inner == 1
            ? g.MatMul(g.Reshape(dY, new Shape(outer, o)), map)
            : g.MatMul(g.Transpose(map, 1, 0), g.Reshape(dY, new Shape(outer, o, inner)));
        return g.Reshape(dX, x);
    }

    /// <summary>Adds the gradient of a constant sparse map.</summary>
    /// <param name="g">The graph.</param>
    /// <param name="dY">The gradient of the output.</param>
    /// <param name="axis">The mapped axis, from 0.</param>
    /// <param name="size">The length of the axis in X.</param>
    /// <param name="row">Returns the elements of row o of M: their columns i and their weights. Weights of equal columns are added.</param>
    /// <returns>dX, in the shape of X.</returns>
    public static Value Transposed(Graph g, Value dY, int axis, int size, Func<int, IEnumerable<(int Column, float Weight)>> row)
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
        return Transposed(g, dY, g.Constant(map), axis, dY.Shape.With(axis, size));
    }

    private static int Product(ImmutableArray<int> dimensions) => dimensions.Aggregate(1, (product, dimension) => product * dimension);
}
