namespace Fovea.Models.Graphs;

// Y = ConvTranspose(X, W) + b. By definition, ConvTranspose is the input gradient of a convolution with W: it maps the gradient X of the
// convolution's output to the gradient Y of its input. Therefore dX = Conv(dY, W);  dW = the weight gradient of that convolution with input
// dY and output gradient X;  db = sum dY.
internal static class ConvTransposeRule
{
    /// <summary>The gradient rule of ConvTranspose.</summary>
    public static Value?[] Gradient(Graph g, Node y, Value dY)
    {
        Value x = y[0], w = y[1];
        var window = Window.Of(y);
        int groups = y.Int32("group", 1);
        var dX = g.Conv(dY, w, window: window, group: groups);
        return [dX, ConvRule.WeightGradient(g, dY, w, x, window, groups), .. y.Inputs.Skip(2).Select(_ => g.ReduceSum(dY, [0, 2, 3]))];
    }
}
