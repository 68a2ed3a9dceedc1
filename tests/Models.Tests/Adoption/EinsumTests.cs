using Fovea.Models.Graphs;
using Fovea.Models.Heads;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Tests.Adoption;

/// <summary>Products that are written as Einsum.</summary>
public sealed class EinsumTests
{
    [Theory]
    [InlineData("bf,fc->bc")]
    [InlineData("bf,cf->bc")]
    [InlineData("cf,bf->bc")]
    [InlineData("ab, bc")]
    [InlineData("bchw,kchw->bk")]
    public void Head_as_Einsum_is_a_product_that_finetune_can_replace(string equation)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [g.Softmax(Head(g, z, equation))]).Write(folder);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
        var adopted = ModelAdoption.Read(path, ForeignNetwork.Json());
        Assert.DoesNotContain(adopted.Graph.Nodes, node => node.Op == "Einsum");
        Assert.Equal(4, ClassifierHead.Find(adopted.Graph).Classes);
    }

    [Fact]
    public void Product_over_the_channels_of_a_map_answers_the_same()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [g.Softmax(Head(g, z, "bhwf,fc->bhwc"))]).Write(folder);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
    }

    // Each equation, with the shapes of its operands. The first dimension of the first operand is the batch.
    [Theory]
    [InlineData("bf,bf->bf", "2,4", "2,4")]
    [InlineData("bf,bf->b", "2,4", "2,4")]
    [InlineData("...f,fc->...c", "2,3,4", "4,5")]
    [InlineData("...ij,...jk->...ik", "2,3,4,5", "2,3,5,6")]
    [InlineData("...ij,jk", "2,3,4,5", "5,6")]
    [InlineData("bf,fc->b", "2,4", "4,5")]
    [InlineData("bchw,bkhw->bck", "2,3,4,5", "2,6,4,5")]
    [InlineData("bij,bkl->bijkl", "2,3,4", "2,5,6")]
    [InlineData("bhwc,hkc->bhwk", "2,4,5,3", "4,6,3")]
    [InlineData("bi,ij,jk->bk", "2,3", "3,4", "4,5")]
    [InlineData("bi,bj,bk->bijk", "2,3", "2,4", "2,5")]
    [InlineData("bchw->bhwc", "2,3,4,5")]
    [InlineData("bchw->bc", "2,3,4,5")]
    [InlineData("b...->...b", "2,3,4,5")]
    [InlineData("bij,->bji", "2,3,4", "")]
    public void Any_equation_gives_what_the_operator_gives(string equation, params string[] shapes)
    {
        using var folder = new TemporaryFolder();
        var (original, steps) = (new Graph("original"), new Graph("steps"));
        Value[] Operands(Graph g) => [.. shapes.Select((shape, i) => g.Input($"x{i}", ElementType.Float, Parsed(shape, isFree: i == 0)))];
        original.Output(original.Apply("Einsum", Operands(original), ("equation", equation)));
        var inputs = Operands(steps);
        var node = original.Nodes.Single();
        steps.Output(Models.Adoption.EinsumForm.Product(steps, node, inputs)!);
        var tensors = shapes.Select((shape, i) => ForeignNetwork.Random(i, 1, [.. Parsed(shape).Dimensions])).ToArray();
        var (expected, actual) = (Run(original, tensors), Run(steps, tensors));
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.All(expected.Floats.ToArray().Zip(actual.Floats.ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
        Assert.All(steps.Nodes, step => Assert.True(OperatorTable.Find(step)?.IsDifferentiable, $"{step.Op} has no gradient rule."));
    }

    [Theory]
    [InlineData("bii->b", "2,3,3")]
    [InlineData("bi->bb", "2,3")]
    [InlineData("bi->bk", "2,3")]
    [InlineData("b...->b", "2,3")]
    [InlineData("bij->b", "2,3")]
    public void Equation_with_a_diagonal_or_an_error_stays(string equation, string shape)
    {
        var g = new Graph("other");
        var x = g.Input("x", ElementType.Float, Parsed(shape));
        var node = g.Add("Einsum", [x], [("equation", equation)]);
        Assert.Null(Models.Adoption.EinsumForm.Product(g, node, [x]));
    }

    [Fact]
    public void Sum_over_lengths_of_1_and_4_stays()
    {
        var g = new Graph("broadcast");
        var (a, b) = (g.Input("a", ElementType.Float, new Shape(2, 3, 1)), g.Input("b", ElementType.Float, new Shape(2, 4, 5)));
        var node = g.Add("Einsum", [a, b], [("equation", "bij,bjk->bik")]);
        Assert.Null(Models.Adoption.EinsumForm.Product(g, node, [a, b]));
    }

    [Fact]
    public void Batches_of_matrices_are_multiplied()
    {
        var g = new Graph("attention");
        var q = g.Input("q", ElementType.Float, new Shape(-1, 2, 5, 3));
        var k = g.Input("k", ElementType.Float, new Shape(-1, 2, 7, 3));
        var node = g.Add("Einsum", [q, k], [("equation", "bhid,bhjd->bhij")]);
        Assert.Equal("[N, 2, 5, 7]", Models.Adoption.EinsumForm.Product(g, node, [q, k])!.Shape.ToString());
    }

    // Replaces the Gemm that computes z by an Einsum with the same weights, and an Add of the bias.
    private static Value Head(Graph g, Value z, string equation)
    {
        var gemm = z.Producer!;
        var (features, weights, bias) = (gemm[0], gemm[1], gemm[2]);
        int f = ForeignNetwork.Filters;
        var x = equation switch
        {
            "bhwf,fc->bhwc" => g.Reshape(features, new Shape(0, 1, 1, f)),
            "bchw,kchw->bk" => g.Reshape(features, new Shape(0, f / 2, 2, 1)),
            _ => features,
        };
        var w = equation switch
        {
            "bf,cf->bc" or "cf,bf->bc" => Turned(g, weights, new Shape(4, f)),
            "bchw,kchw->bk" => Turned(g, weights, new Shape(4, f / 2, 2, 1)),
            _ => weights,
        };
        Value[] operands = equation == "cf,bf->bc" ? [w, x] : [x, w];
        var product = g.Apply("Einsum", operands, ("equation", equation));
        return equation == "bhwf,fc->bhwc" ? g.Reshape(product, new Shape(-1, 4)) + bias : product + bias;
    }

    // The transposed weights, [4, features], in another shape.
    private static Value Turned(Graph g, Value weights, Shape shape)
    {
        var tensor = weights.Constant!;
        var values = tensor.Floats.ToArray();
        return g.Initializer("turned", Tensor.Of(shape, [.. Enumerable.Range(0, values.Length).Select(i =>
            values[i % ForeignNetwork.Filters * 4 + i / ForeignNetwork.Filters])]));
    }

    private static Shape Parsed(string text, bool isFree = false)
    {
        int[] dimensions = [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
        return isFree && dimensions.Length > 0 ? new Shape(dimensions).With(0, Shape.Free) : new Shape(dimensions);
    }

    private static (Shape Shape, Memory<float> Floats) Run(Graph graph, Tensor[] tensors)
    {
        using var session = new InferenceSession(OnnxFile.ToBytes(graph));
        OrtValue[] inputs =
        [
            .. tensors.Select(x => OrtValue.CreateTensorValueFromMemory(x.Floats.ToArray(), x.Shape.ToInt64())),
        ];
        using var run = new RunOptions();
        using var outputs = session.Run(run, session.InputNames, inputs, session.OutputNames);
        var shape = outputs[0].GetTensorTypeAndShape().Shape;
        return (new Shape([.. shape.Select(d => (int)d)]), outputs[0].GetTensorDataAsSpan<float>().ToArray());
    }
}
