namespace Fovea.Models.Graphs;

// ConvTranspose returns (P - 1) stride + extent - before - after + output_padding rows. To return exactly the H rows of the forward pass,
// rows that no window covered are added as output_padding, and rows of the last window beyond the image are removed by the padding after.
// The same holds for columns.
internal static class TransposedConv
{
    /// <summary>Adds a transposed convolution whose result has a given height and width.</summary>
    /// <param name="g">The graph.</param>
    /// <param name="dY">The input, [N, M, P, Q].</param>
    /// <param name="w">The weights, [M, C / group, R, S].</param>
    /// <param name="window">
    /// Kernel size, strides, dilations and padding of the forward convolution; the padding after is recomputed.
    /// </param>
    /// <param name="x">The shape of the result, [N, C, H, W].</param>
    /// <param name="group">The number of groups, at least 1.</param>
    public static Value ToSize(Graph g, Value dY, Value w, Window window, Shape x, int group)
    {
        int[] after = [0, 0], extra = [0, 0];
        for (int axis = 0; axis < 2; axis++)
        {
            int surplus = (dY.Shape[axis + 2] - 1) * window.Strides[axis] + window.Extent(axis) - window.Before[axis] - x[axis + 2];
            (after[axis], extra[axis]) = (Math.Max(0, surplus), Math.Max(0, -surplus));
        }

        return g.ConvTranspose(dY, w, window with { After = after }, extra, group);
    }
}
