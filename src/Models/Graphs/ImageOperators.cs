using static Fovea.Models.Graphs.OtherForm;

namespace Fovea.Models.Graphs;

/// <summary>
/// The rows of the operator table for convolutions, pools and other operators on the height and width of [N, C, H, W].
/// </summary>
internal static class ImageOperators
{
    public static readonly Operator[] Rows =
    [
        // Convolutions
        new("Conv", SpatialShapes.Conv, ConvRule.Gradient)
        {
            LayerName = "Conv2D",
            DepthwiseName = "DepthwiseConv2D",
            Kind = LayerKind.Convolution,
            Traits = Traits.Weighted | Traits.ChannelsFirst,
            Footprint = Footprint.Window,

            // Each element of Y[M, P, Q] needs C/group R S products. Total: the size of W[M, C/group, R, S] times P Q.
            MultiplyAdds = node => node[1].Shape.KnownSize() * node.Output.Shape.KnownSize(from: 2),
        },
        new("ConvTranspose", SpatialShapes.ConvTranspose, ConvTransposeRule.Gradient)
        {
            LayerName = "Conv2DTranspose",
            Kind = LayerKind.Convolution,
            Traits = Traits.Weighted | Traits.ChannelsFirst,
            Footprint = Footprint.TransposedWindow,

            // Each element of X[C, H, W] is multiplied by M/group R S weights. Total: the size of W[C, M/group, R, S] times H W.
            MultiplyAdds = node => node[1].Shape.KnownSize() * node[0].Shape.KnownSize(from: 2),
        },

        // Pooling operators
        new("AveragePool", SpatialShapes.Pool, AveragePoolRule.Gradient)
        {
            LayerName = "AveragePooling2D",
            Kind = LayerKind.Pool,
            Traits = Traits.ChannelsFirst,
            Footprint = Footprint.Window,
            OtherForms = [After(18, NewerForms.AveragePool)],
        },
        new("MaxPool", SpatialShapes.Pool, MaxPool)
        {
            LayerName = "MaxPooling2D", Kind = LayerKind.Pool, Traits = Traits.ChannelsFirst, Footprint = Footprint.Window,
        },
        new(
            "GlobalAveragePool",
            SpatialShapes.Global,
            (g, y, dY) => [g.Expand(dY * (dY.Shape.Size / (float)y[0].Shape.Size), y[0].Shape)])
        {
            LayerName = "GlobalAveragePooling2D", Kind = LayerKind.Pool, Traits = Traits.ChannelsFirst, Footprint = Footprint.Image,
        },
        new("GlobalMaxPool", SpatialShapes.Global, GlobalMaxPool)
        {
            LayerName = "GlobalMaxPooling2D", Kind = LayerKind.Pool, Traits = Traits.ChannelsFirst, Footprint = Footprint.Image,
        },

        // Operators that pad or resize images
        new("Pad", SpatialShapes.Pad, CuttingRules.Pad)
        {
            LayerName = "ZeroPadding2D",
            Kind = LayerKind.Form,
            Traits = Traits.HasSettings | Traits.KeepsAxes | Traits.KeepsRange,
            OtherForms = [Before(11, OlderForms.AttributesToInputs("pads", "value")), After(17, NewerForms.Pad)],
        },
        Scaled("Resize") with
        {
            Gradient = ResizeRule.Gradient,
            OtherForms = [Before(11, OlderForms.AsymmetricResize), After(17, NewerForms.Resize)],
        },

        // Operator set 10 replaced Upsample by Resize.
        Scaled("Upsample") with
        {
            OtherForms =
            [
                Before(10, OlderForms.AsymmetricResize),
                Always((c, node, _) => throw c.Unsupported(node, "has no known conversion")),
            ],
        },

        // Operators with neither a shape rule nor a gradient rule
        .. Operator.WithoutRules("DepthToSpace", "GlobalLpPool", "SpaceToDepth"),
    ];

    private static Operator Scaled(string name) => new(name, SpatialShapes.Resize)
    {
        LayerName = "UpSampling2D",
        Kind = LayerKind.Form,
        Traits = Traits.HasSettings | Traits.KeepsAxes | Traits.NeedsFullPrecision,
        Footprint = Footprint.Scaled,
    };

    // The largest element of each window gets the gradient; among equal elements, the first one.
    private static Value?[] MaxPool(Graph g, Node y, Value dY)
    {
        var x = y[0].Shape;
        var indices = g.MaxPoolIndices(y[0], Window.Of(y), y.Int("ceil_mode") != 0);
        var zeros = g.Apply("ConstantOfShape", [g.Constant(Tensor.Of(x.Size))]);
        var flat = new Shape((int)dY.Shape.Size);
        return [g.Reshape(g.ScatterAdd(zeros, g.Reshape(indices, flat), g.Reshape(dY, flat)), x)];
    }

    // The largest element of each channel gets the gradient; among equal elements, the first one.
    private static Value?[] GlobalMaxPool(Graph g, Node y, Value dY)
    {
        var x = y[0].Shape;
        var channels = new Shape(x[0], x[1], (int)(x.Size / x[0] / x[1]));
        var largest = g.Reshape(g.ArgMax(g.Reshape(y[0], channels), axis: 2), channels.With(2, 1));
        var positions = g.Constant(Tensor.Of([.. Enumerable.Range(0, channels[2]).Select(position => (long)position)]));
        return [g.Reshape(g.Mask(g.Equal(positions, largest)) * g.Reshape(dY, channels.With(2, 1)), x)];
    }
}
