namespace Fovea.Models.Graphs;

// Y[N,M,P,Q] = Conv(X[N,C,H,W], W[M,C/G,R,S]) + b[M]; G groups, each with M/G filters over C/G channels.
// dX = ConvTranspose(dY, W), with padding that restores H and W exactly.
// dW[m,c,r,s] = sum over n, p, q of dY[n,m,p,q] X[n, c, p stride + r dilation - padding, ...]. The rule adds a placeholder operator for
// this sum, because the fastest way to compute it depends on the shapes and on the device.
// db = dY summed over N, P and Q.
internal static class ConvRule
{
    /// <summary>The gradient rule of Conv.</summary>
    public static Value?[] Gradient(Graph g, Node y, Value dY)
    {
        Value x = y[0], w = y[1];
        var window = Window.Of(y);
        int groups = y.Int32("group", 1);
        var dX = TransposedConv.ToSize(g, dY, w, window, x.Shape, groups);
        return [dX, WeightGradient(g, x, w, dY, window, groups), .. y.Inputs.Skip(2).Select(_ => g.ReduceSum(dY, [0, 2, 3]))];
    }

    /// <summary>Adds the placeholder for dW.</summary>
    /// <param name="g">The graph.</param>
    /// <param name="x">The convolution's input, [N, C, H, W].</param>
    /// <param name="w">The convolution's weights, [M, C / groups, R, S], which is also the result's shape.</param>
    /// <param name="dY">The gradient of the convolution's output, [N, M, P, Q].</param>
    /// <param name="window">The convolution's kernel size, strides, dilations and padding.</param>
    /// <param name="groups">The convolution's number of groups, at least 1.</param>
    public static Value WeightGradient(Graph g, Value x, Value w, Value dY, Window window, int groups) =>
        g.Apply(
            Placeholders.Domain, Placeholders.ConvWeightGradient, [x, dY], w.Shape, [.. window.Attributes(), ("group", (long)groups)]);
}
