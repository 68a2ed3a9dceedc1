using Fovea.Models.Graphs;

namespace Fovea.Api.Tests.ModelRepository;

/// <summary>Makes small networks for gray images of 8 x 8 pixels. Each file has its preprocessing.</summary>
internal static class Networks
{
    private const int Side = 8;

    /// <summary>Two classes, whose logits are always the given number and 0.</summary>
    public static byte[] Constant(float first) =>
        Of((g, image) => g.Apply("Add", [Zeros(g, image), g.Initializer("bias", Tensor.Of(new Shape(1, 2), first, 0))]));

    /// <summary>Two classes, and a constant of this number of bytes, which each run computes.</summary>
    public static byte[] WithConstant(long bytes) => Of((g, image) =>
    {
        var vast = g.Apply("ConstantOfShape", [g.Constant(Tensor.Of(1, bytes / sizeof(float)))], ("value", Tensor.Of(new Shape(1), 1)));
        return g.Apply("Add", [Zeros(g, image), g.Apply("ReduceMax", [vast], ("axes", new long[] { 1 }))]);
    });

    /// <summary>Two classes, and a tensor with this number of bytes per image of a batch.</summary>
    public static byte[] GrowingWithTheBatch(long bytes) => Of((g, image) =>
    {
        var one = g.Reshape(g.Slice(g.Flatten(image), [0], [1], [1]), new Shape(-1, 1));
        var vast = g.Expand(one, new Shape(1, (int)(bytes / sizeof(float))));
        return g.Apply("Add", [Zeros(g, image), g.Apply("ReduceMin", [vast], ("axes", new long[] { 1 }))]);
    });

    /// <summary>Two classes. The first logit is NaN for images whose first pixel has the given value, 0 (black) to 255 (white).</summary>
    public static byte[] NanAt(int pixel) => Of((g, image) =>
    {
        // log(-1), which is NaN, if the distance is less than half a step, otherwise log(1).
        var first = g.Slice(g.Flatten(image), [0], [1], [1]);
        var distance = g.Apply("Abs", [g.Apply("Sub", [first, g.Scalar(pixel / 255f)])]);
        var far = g.Mask(g.Greater(distance, g.Scalar(0.5f / 255)));
        var sign = g.Apply("Sub", [g.Apply("Mul", [far, g.Scalar(2)]), g.Scalar(1)]);
        return g.Apply("Add", [Zeros(g, image), g.Log(sign)]);
    });

    /// <summary>Two classes whose probabilities are 1 and 0, so that the logarithm of one is minus infinity.</summary>
    public static byte[] Certain() =>
        Of((g, image) => g.Softmax(g.Apply("Add", [Zeros(g, image), g.Initializer("bias", Tensor.Of(new Shape(1, 2), 1000, 0))])));

    /// <summary>Two classes. The network runs only single images, although its input has a free batch size.</summary>
    public static byte[] OneByOne() => Of((g, image) => g.Reshape(Zeros(g, image), new Shape(1, 2)));

    private static byte[] Of(Func<Graph, Value, Value> network)
    {
        var graph = new Graph("by-hand");
        graph.Output(network(graph, graph.Input("input", ElementType.Float, new Shape(Shape.Free, 1, Side, Side))));
        graph.Metadata["fovea.preprocessing"] = $$"""{"crop":[{{Side}},{{Side}}],"color":"Gray"}""";
        return OnnxFile.ToBytes(graph);
    }

    private static Value Zeros(Graph g, Value image) =>
        g.MatMul(g.Flatten(image), g.Initializer("zeros", Tensor.Of(new Shape(Side * Side, 2), new float[Side * Side * 2])));
}
