namespace Fovea.Models.Graphs;

// For y = f(x0, x1, ...) and the loss L, with dY = dL/dy, a rule returns dXi = dY (dy/dxi) for each input. Products are elementwise unless
// stated otherwise. In a rule, y[i] is the node's input i and y.Output its first output.

/// <summary>Gradient rules that several operators share, and parts of gradient rules.</summary>
internal static class CommonGradients
{
    /// <summary>
    /// A positive number smaller than the values that networks compute. Replacing 0 by this number keeps quotients and logarithms finite.
    /// </summary>
    public const float Tiny = 1e-37f;

    /// <summary>
    /// The rule of operators whose outputs do not depend on the inputs' values, or are piecewise constant: their derivative is 0.
    /// </summary>
    public static Value?[] None(Graph g, Node y, Value dY) => Nothing(y.Inputs.Count);

    /// <summary>The rule of operators that change only the shape.</summary>
    public static Value?[] Reshaped(Graph g, Node y, Value dY) => [g.Reshape(dY, y[0].Shape), .. Nothing(y.Inputs.Count - 1)];

    /// <summary>An array of <c>null</c>, which means no gradient, for this number of inputs.</summary>
    public static Value?[] Nothing(int inputs) => new Value?[inputs];

    /// <summary>The product with a factor. Adds no node if the factor is 1.</summary>
    public static Value Scaled(Value value, float factor) => factor == 1 ? value : value * factor;

    /// <summary>
    /// 1 where x > 0, else 0. A steep hard sigmoid takes one pass on all threads; a comparison and a cast take two passes on one thread.
    /// </summary>
    public static Value Positive(Graph g, Value x) => g.Apply("HardSigmoid", [x], ("alpha", 1e38f), ("beta", 0f));

    /// <summary>1 where x is strictly between 0 and 1, else 0. x must be in [0, 1].</summary>
    public static Value InsideUnit(Graph g, Value x) => g.Mask(g.Greater(x, x * x));

    /// <summary>A tensor with one number where x > 0 and another number elsewhere.</summary>
    public static Value Between(Graph g, Value x, float elsewhere, float positive) => Positive(g, x) * (positive - elsewhere) + elsewhere;
}
