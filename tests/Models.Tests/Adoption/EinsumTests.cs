using Fovea.Models.Graphs;
using Fovea.Models.Heads;
using Fovea.Models.Runtime;

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

    [Theory]
    [InlineData("bf,bf->bf")]
    [InlineData("...f,fc->...c")]
    [InlineData("bf,fc->b")]
    public void Equation_that_is_no_product_of_matrices_stays(string equation)
    {
        var g = new Graph("other");
        var x = g.Input("x", ElementType.Float, new Shape(-1, 4));
        var y = g.Input("y", ElementType.Float, new Shape(equation == "bf,bf->bf" ? -1 : 4, 4));
        var node = g.Add("Einsum", [x, y], [("equation", equation)]);
        Assert.Null(Models.Adoption.EinsumForm.Product(g, node, [x, y]));
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
}
