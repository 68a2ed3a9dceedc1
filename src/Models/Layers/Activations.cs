using Fovea.Models.Graphs;

namespace Fovea.Models.Layers;

/// <summary>
/// Less common elementwise activations, some of which consist of several operators. An activation's name is the name of the layer before
/// it, a slash, and the kind of activation, such as <c>conv1/silu</c>.
/// </summary>
public static class Activations
{
    /// <summary>min(max(x, 0), 6) (Sandler et al., 2018).</summary>
    public static Value Relu6(this Value x) =>
        x.Graph.Add("Clip", [x, x.Graph.Scalar(0), x.Graph.Scalar(6)], name: $"{x.Name}/relu6").Output;

    /// <summary>1 / (1 + e^-x).</summary>
    public static Value Sigmoid(this Value x) => x.Graph.Add("Sigmoid", [x], name: $"{x.Name}/sigmoid").Output;

    /// <summary>x / (1 + e^-x), also called Swish (Ramachandran, Zoph and Le, 2017).</summary>
    public static Value Silu(this Value x) => x.Graph.Add("Mul", [x, x.Sigmoid()], name: $"{x.Name}/silu").Output;

    /// <summary>
    /// x times the standard normal distribution function at x, x/2 (1 + erf(x / sqrt(2))) (Hendrycks and Gimpel, 2016). Operator set 17 has
    /// no operator for it; ONNX Runtime fuses the five operators that are emitted here into one pass.
    /// </summary>
    public static Value Gelu(this Value x)
    {
        var g = x.Graph;
        var erf = g.Add("Erf", [Named("Div", x, MathF.Sqrt(2), "scaled")], name: $"{x.Name}/gelu/erf").Output;
        var product = g.Add("Mul", [x, Named("Add", erf, 1, "shifted")], name: $"{x.Name}/gelu/product").Output;
        return g.Add("Mul", [product, g.Scalar(0.5f)], name: $"{x.Name}/gelu").Output;

        Value Named(string op, Value a, float b, string name) => g.Add(op, [a, g.Scalar(b)], name: $"{x.Name}/gelu/{name}").Output;
    }
}
