using Fovea.Models;

namespace Fovea.Training;

// Y[N,M,P,Q] = Conv(X[N,C,H,W], W[M,C/G,R,S]) + b[M]; G groups, each of M/G filters over C/G channels.
// dX = ConvTranspose(dY, W), its padding chosen so that H and W return exactly.
// dW[m,c,r,s] = sum over n, p, q of dY[n,m,p,q] X[n, c, p stride + r dilation - padding, ...]: an operator that stands for the sum, because
//      how it is best computed depends on the shapes and on what it runs on.
// db = dY summed over N, P and Q.
internal static class ConvRule
{
    /// <summary>The operator that stands for dW, given X and dY, with the attributes of the convolution.</summary>
    public const string WeightGradientOp = "ConvWeightGradient";

    public static Value?[] Gradient(Graph g, Node y, Value dY)
    {
        Value x = y[0], w = y[1];
        var window = Window.Of(y);
        int groups = (int)y.Int("group", 1);
        var dX = TransposedConv.ToSize(g, dY, w, window, x.Shape, groups);
        return [dX, WeightGradient(g, x, w, dY, window, groups), .. y.Inputs.Skip(2).Select(_ => g.ReduceSum(dY, [0, 2, 3]))];
    }

    /// <summary>dW of a convolution of X whose result has the gradient dY.</summary>
    public static Value WeightGradient(Graph g, Value x, Value w, Value dY, Window window, int groups) =>
        g.Apply(Forms.Domain, WeightGradientOp, [x, dY], w.Shape, [.. window.Attributes(), ("group", (long)groups)]);
}
