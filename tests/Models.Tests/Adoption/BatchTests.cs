using Fovea.Models.Graphs;
using Fovea.Models.Runtime;

namespace Fovea.Models.Tests.Adoption;

public sealed class BatchTests
{
    private const int Side = ForeignNetwork.Side;

    private static readonly Dictionary<string, (int Batch, Func<Graph, Value, Value> Body, Func<Graph, Value, Value> Head)> Forms = new()
    {
        ["declared"] = (1, (_, x) => x, (_, z) => z),
        ["declared as 4"] = (4, (_, x) => x, (_, z) => z),
        ["in a Reshape"] = (1, (g, x) => g.Reshape(g.Reshape(x, new Shape(1, -1)), new Shape(1, ForeignNetwork.Filters, 6, 6)), (g, z) =>
            g.Softmax(z)),
        ["in a Reshape of 4"] = (4, (g, x) => g.Reshape(x, new Shape(4, ForeignNetwork.Filters, 36, 1)), (g, z) => g.Softmax(z)),
        ["in a Reshape only"] =
            (-1, (g, x) => g.Reshape(g.Reshape(x, new Shape(1, -1)), new Shape(1, ForeignNetwork.Filters, 6, 6)), (g, z) => g.Softmax(z)),
        ["in a Reshape that allows zeros"] = (1, (_, x) => x, (g, z) => g.Apply(
            "Reshape", [g.Reshape(z, new Shape(-1, 4, 1)), g.Constant(Tensor.Of(1, 4))], ("allowzero", 1L))),
        ["in the sizes of a Resize"] = (1, (g, x) => g.Apply(
            "Resize", [x, null, null, g.Constant(Tensor.Of(1, ForeignNetwork.Filters, 6, 6))], ("mode", "linear")), (_, z) => z),
        ["in a constant that is joined"] = (1, (g, x) => g.Slice(
            g.Concat([g.Constant(ForeignNetwork.Random(6, 1, 1, ForeignNetwork.Filters, 1, 6)), x], 2), [1], [7], [2]), (_, z) => z),
        ["squeezed away"] = (1, (_, x) => x, (g, z) => g.Softmax(g.Apply("Squeeze", [z, g.Constant(Tensor.Of(0))]), axis: 0)),
        ["squeezed away with the pixels"] = (1, (_, x) => x, (g, z) =>
            g.Softmax(g.Apply("Squeeze", [g.Reshape(z, new Shape(1, 4, 1, 1))]), axis: -1)),
        ["reshaped away"] = (1, (_, x) => x, (g, z) => g.Softmax(g.Reshape(z, new Shape(4)))),
        ["taken out"] = (1, (_, x) => x, (g, z) =>
            g.Apply("Gather", [z, g.Constant(new Tensor(ElementType.Int64, Shape.Scalar, new byte[8]))])),
    };

    public static TheoryData<string> Names => [.. Forms.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Fixed_batch_is_freed(string name)
    {
        var (batch, body, head) = Forms[name];
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build(
            (g, z) => [head(g, z)], g => g.Input("data", ElementType.Float, new Shape(batch, 3, Side, Side)), body).Write(folder);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
        using var model = Classifier.Load(path, ForeignNetwork.Json());
        Assert.Null(model.FixedBatch);
        Assert.Contains(model.Findings!.Changed, sentence => sentence.Contains("batch", StringComparison.Ordinal));
        AssertImagesAreIndependent(model);
    }

    [Fact]
    public void Batch_that_only_the_output_declares_is_free()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder, model =>
            model.Graph.Output[0].Type.TensorType.Shape.Dim[0] = new() { DimValue = 1 });
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
        using var model = Classifier.Load(path, ForeignNetwork.Json());
        AssertImagesAreIndependent(model);
    }

    [Theory]
    [InlineData("mean of the batch")]
    [InlineData("softmax over the batch")]
    [InlineData("standardized over the batch")]
    public void Graph_that_mixes_the_images_of_a_batch_gets_one_image_at_a_time(string form)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build(body: (g, x) => form switch
        {
            "mean of the batch" => x - (g.ReduceMean(x, [0], keep: true) * 0.5f),
            "standardized over the batch" => g.Apply("MeanVarianceNormalization", [x], ("axes", new long[] { -4, -2, -1 })),
            _ => x * g.Softmax(x, axis: 0),
        }).Write(folder);
        using var model = Classifier.Load(path, ForeignNetwork.Json());
        Assert.Equal(1, model.FixedBatch);
        Assert.Contains(model.Findings!.Changed, sentence => sentence.Contains("other images of a batch", StringComparison.Ordinal));
        AssertImagesAreIndependent(model);
    }

    [Fact]
    public void Batch_stays_free_where_another_axis_comes_first_for_a_while()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build(body: (g, x) => g.Transpose(g.Softmax(g.Transpose(x, 1, 0, 2, 3), axis: 0), 1, 0, 2, 3))
            .Write(folder);
        using var model = Classifier.Load(path, ForeignNetwork.Json());
        Assert.Null(model.FixedBatch);
        AssertImagesAreIndependent(model);
    }

    [Fact]
    public void Batch_that_images_depend_on_stays_and_fewer_images_are_filled_up()
    {
        // Each image gets a constant of its own.
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build(
            (g, z) => [z + g.Constant(ForeignNetwork.Random(5, 1, 2, 4))],
            g => g.Input("data", ElementType.Float, new Shape(2, 3, Side, Side))).Write(folder);
        using var model = Classifier.Load(path, ForeignNetwork.Json());
        Assert.Equal(2, model.FixedBatch);
        Assert.Contains(model.Findings!.Assumed, sentence => sentence.Contains("2 images", StringComparison.Ordinal));
        var logits = new float[3 * 4];
        model.Run(new float[3 * model.Input.Size], 3, logits);
        Assert.Equal(logits[..4], logits[8..]);
    }

    private static void AssertImagesAreIndependent(Classifier model)
    {
        int size = (int)model.Input.Size;
        var images = ForeignNetwork.Random(8, 1, 3, size).Floats.ToArray();
        var (together, alone) = (new float[12], new float[4]);
        model.Run(images, 3, together);
        for (int i = 0; i < 3; i++)
        {
            model.Run(images.AsMemory(i * size, size), 1, alone);
            Assert.Equal(alone, together[(i * 4)..((i + 1) * 4)], (a, b) => Math.Abs(a - b) < 1e-4f);
        }
    }
}
