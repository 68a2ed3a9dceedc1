using Fovea.Models.Graphs;
using Fovea.Models.Layers;

namespace Fovea.Models.Tests.Heads;

/// <summary>
/// Small classifiers of 5 classes with the forms of heads that exporters write. The weights are pseudo-random and always the same.
/// </summary>
internal static class HeadForms
{
    private const int Channels = 4, Classes = 5;

    /// <summary>The head of each form, by the form's name. It takes a feature map [N, 4, 6, 6].</summary>
    public static readonly IReadOnlyDictionary<string, Func<Graph, Value, Value>> All = new Dictionary<string, Func<Graph, Value, Value>>
    {
        ["Gemm"] = (g, x) => g.Gemm(Pooled(g, x), Weight(g, Classes, Channels), Bias(g), transB: true, name: "fc"),
        ["Gemm, transposed, then Softmax"] = (g, x) =>
            g.Apply("Softmax", [g.Gemm(Pooled(g, x), Weight(g, Channels, Classes), Bias(g), name: "fc")]),
        ["MatMul and Add, then Softmax"] = (g, x) =>
            g.Apply("Softmax", [g.Add("MatMul", [Pooled(g, x), Weight(g, Channels, Classes)], name: "fc").Output + Bias(g)]),
        ["MatMul of a transposed weight"] = (g, x) =>
            g.Add("MatMul", [Pooled(g, x), g.Transpose(Weight(g, Classes, Channels), 1, 0)], name: "fc").Output,
        ["Gemm behind Reshape and Dropout"] = (g, x) =>
            g.Gemm(
                g.Reshape(g.Apply("Dropout", [g.Apply("GlobalAveragePool", [x])]), new Shape(-1, Channels)), Weight(g, Classes, Channels),
                transB: true, name: "fc"),
        ["Gemm behind Squeeze, its weight a copy"] = (g, x) => g.Gemm(
            g.Apply(
                "Squeeze",
                [
                    g.Apply("GlobalAveragePool", [x]),
                    g.Constant(Tensor.Of(2, 3))]), g.Apply("Identity", [Weight(g, Classes, Channels)]), Bias(g), transB: true, name: "fc"),
        ["Gemm of everything"] = (g, x) => g.Gemm(g.Flatten(x), Weight(g, Classes, Channels * 36), Bias(g), transB: true, name: "fc"),
        ["Conv of the mean, then Flatten"] = (g, x) =>
            g.Flatten(g.Conv(g.Apply("GlobalAveragePool", [x]), Weight(g, Classes, Channels, 1, 1), Bias(g), name: "fc")),
        ["Conv, its mean, then Reshape and Softmax"] = (g, x) => g.Apply(
            "Softmax", [
                g.Reshape(
                    g.Apply("GlobalAveragePool", [g.Conv(x, Weight(g, Classes, Channels, 1, 1), Bias(g), name: "fc")]),
                    new Shape(-1, Classes))]),
        ["Conv and Relu, their mean, then Flatten"] = (g, x) =>
            g.Flatten(g.Apply("GlobalAveragePool", [g.Relu(g.Conv(x, Weight(g, Classes, Channels, 1, 1), Bias(g), name: "fc"))])),
        ["Conv as large as the map"] = (g, x) => g.Flatten(g.Conv(x, Weight(g, Classes, Channels, 6, 6), Bias(g), name: "fc")),
    };

    /// <summary>A network whose head has this form.</summary>
    public static Graph Build(string form, int batch = Shape.Free)
    {
        var g = new Graph("small");
        var x = g.Input("data", ElementType.Float, new Shape(batch, 3, 6, 6));
        var map = g.Relu(
            g.Conv(x, g.Initializer("conv.weight", Numbers(new Shape(Channels, 3, 3, 3))), window: Window.Square(3, padding: 1)));
        g.Output(All[form](g, map));
        return g;
    }

    /// <summary>Pseudo-random numbers between -1 and 1 that depend only on the shape.</summary>
    public static Tensor Numbers(Shape shape) => Tensor.Drawn(shape, values =>
    {
        var random = new SeededRandom(shape.Size);
        foreach (ref float value in values)
        {
            value = random.Uniform(-1, 1);
        }
    });

    private static Value Pooled(Graph g, Value x) => g.Flatten(g.Apply("GlobalAveragePool", [x]));

    private static Value Weight(Graph g, params int[] shape) => g.Initializer("fc.weight", Numbers(new Shape(shape)));

    private static Value Bias(Graph g) => g.Initializer("fc.bias", Numbers(new Shape(Classes)));
}
