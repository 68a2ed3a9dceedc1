using Fovea.Models;

namespace Fovea.Training;

// Y = ConvTranspose(X, W) + b is by definition what a convolution with W sends back: X as the gradient of its output gives Y as that of its input.
// dX = Conv(dY, W);  dW = the weight gradient of that convolution, whose input is dY and whose output's gradient is X;  db = sum dY.
internal static class ConvTransposeRule
{
    public static Value?[] Gradient(Graph g, Node y, Value dY)
    {
        Value x = y[0], w = y[1];
        var window = Window.Of(y);
        int groups = (int)y.Int("group", 1);
        var dX = g.Conv(dY, w, window: window, group: groups);
        return [dX, ConvRule.WeightGradient(g, dY, w, x, window, groups), .. y.Inputs.Skip(2).Select(_ => g.ReduceSum(dY, [0, 2, 3]))];
    }
}
