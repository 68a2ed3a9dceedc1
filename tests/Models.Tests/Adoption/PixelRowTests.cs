using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;

namespace Fovea.Models.Tests.Adoption;

/// <summary>Networks that take colour images as rows of pixels, [N, 3 H W].</summary>
public sealed class PixelRowTests
{
    private const int Side = ForeignNetwork.Side, Numbers = 3 * Side * Side;

    private static readonly Dictionary<string, Func<Graph, Value>> Inputs = new()
    {
        ["channels first"] = g => g.Reshape(Rows(g), new Shape(-1, 3, Side, Side)),
        ["channels last"] = g => g.Transpose(g.Reshape(Rows(g), new Shape(-1, Side, Side, 3)), 0, 3, 1, 2),
        ["scaled, one row"] = g => g.Reshape(
            g.Input("rows", ElementType.Float, new Shape(1, Numbers)) / g.Scalar(255), new Shape(1, 3, Side, Side)),
    };

    public static TheoryData<string> Names => [.. Inputs.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Reshape_in_the_graph_shows_the_order_of_the_pixels(string name)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build(input: Inputs[name]).Write(folder);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
        using var model = Classifier.Load(path, ForeignNetwork.Json());
        Assert.Null(model.FixedBatch);
        Assert.Equal([3, Side, Side], model.Input.Dimensions);
    }

    [Theory]
    [InlineData(PixelLayout.ChannelsFirst)]
    [InlineData(PixelLayout.ChannelsLast)]
    public void Layout_of_the_preprocessing_decides_where_the_graph_shows_nothing(PixelLayout layout)
    {
        using var folder = new TemporaryFolder();
        var images = Dense(g => g.Input("data", ElementType.Float, new Shape(-1, 3, Side, Side)), layout);
        var expected = ForeignNetwork.Answer(images.Write(folder));
        var json = ForeignNetwork.Json() with { Preprocessing = new() { Crop = [Side, Side], Layout = layout } };
        var path = Dense(Rows, layout).Write(folder);
        Assert.Equal(expected, ForeignNetwork.Answer(path, json));
        Assert.Null(ModelAdoption.Read(path, json).Metadata.Preprocessing!.Layout);
        Assert.Equal(layout, Preprocessing.FromJson(
            (System.Text.Json.Nodes.JsonObject)System.Text.Json.JsonSerializer.SerializeToNode(json.Preprocessing)!).Layout);
    }

    [Fact]
    public void Layout_and_size_that_nothing_says_are_asked_for()
    {
        using var folder = new TemporaryFolder();
        var path = Dense(Rows, PixelLayout.ChannelsFirst).Write(folder);
        Assert.Contains("\"layout\": \"NHWC\" or \"NCHW\"", Assert.Single(ModelAdoption.Read(path, ForeignNetwork.Json()).Findings.Needs),
            StringComparison.Ordinal);
        foreach (var json in new[] { new ModelMetadata(), new() { Preprocessing = new() { Crop = [4, 4] } } })
        {
            var error = Assert.Throws<FoveaException>(() => ModelAdoption.Read(path, json));
            Assert.Contains(
                "\"crop\", [height, width], and \"color\", so that height x width x channels is 192",
                error.Message, StringComparison.Ordinal);
        }
    }

    private static Value Rows(Graph g) => g.Input("rows", ElementType.Float, new Shape(-1, Numbers));

    // A linear layer over all pixels, in the order [C, H, W] or [H, W, C].
    private static Graph Dense(Func<Graph, Value> input, PixelLayout layout)
    {
        var g = new Graph("dense");
        var x = input(g);
        if (x.Shape.Rank == 4)
        {
            x = g.Flatten(layout == PixelLayout.ChannelsLast ? g.Transpose(x, 0, 2, 3, 1) : x);
        }

        g.Output(g.MatMul(x, g.Initializer("w", ForeignNetwork.Random(1, 0.3f, Numbers, 4))));
        return g;
    }
}
