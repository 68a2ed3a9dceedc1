using Fovea.Models;

namespace Fovea.Training;

// ConvTranspose gives (P - 1) stride + extent - before - after + output_padding rows. The rows wanted are those that the forward pass
// saw: what its last window left over becomes output padding, and what it reached over the edge becomes padding.
internal static class TransposedConv
{
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
