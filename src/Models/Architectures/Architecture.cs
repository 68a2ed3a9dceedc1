namespace Fovea.Models;

/// <summary>A network as a paper describes it, from which graphs with other inputs and numbers of classes can be built.</summary>
/// <param name="Name">The name in the catalog and on the command line.</param>
/// <param name="Source">The paper: authors, year and title.</param>
/// <param name="Classes">The paper's number of classes.</param>
/// <param name="Preprocessing">The preprocessing of the paper, which includes the size of the input.</param>
/// <param name="Layers">
/// Adds the layers and returns the logits [N, classes], given the builder, the input [N, C, H, W] and the number of classes.
/// </param>
public sealed record Architecture(
    string Name, string Source, int Classes, Preprocessing Preprocessing, Func<Network, Value, int, Value> Layers)
{
    /// <summary>The shape of the paper's input, [C, H, W].</summary>
    public Shape Input => Preprocessing.Shape;

    /// <summary>Whether the network has auxiliary heads, which are used in training only. Default false.</summary>
    public bool HasAuxiliary { get; init; }

    /// <summary>Builds the network with random weights, which are drawn when they are first read.</summary>
    /// <param name="classes">The number of classes, 2 to 100,000; <c>null</c>: the paper's.</param>
    /// <param name="input">[C, H, W] with 1 or 3 channels and sides of 1 to 4096; <c>null</c>: the paper's.</param>
    /// <param name="seed">The seed of the weights' random numbers. Default 0.</param>
    /// <param name="auxiliary">Whether to build the auxiliary heads. Their logits are outputs after the first one. Default false.</param>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.BadArchitecture"/>: an argument is out of range, the input is too small for the layers, or there are no
    /// auxiliary heads.
    /// </exception>
    public Graph Build(int? classes = null, Shape? input = null, long seed = 0, bool auxiliary = false)
    {
        var size = input ?? Input;
        if (classes is < 2 or > 100_000)
        {
            throw new FoveaException(ErrorCode.BadArchitecture, $"{Name} cannot have {classes} classes; expected 2 to 100000.");
        }

        if (size is not { Rank: 3, IsKnown: true } || size[0] is not (1 or 3) || size[1] is < 1 or > 4096 || size[2] is < 1 or > 4096)
        {
            throw new FoveaException(
                ErrorCode.BadArchitecture,
                $"{Name} cannot take an input of {size}; expected [channels, height, width] with 1 or 3 channels and sides of 1 to 4096.");
        }

        if (auxiliary && !HasAuxiliary)
        {
            var others = Catalog.Architectures.Where(a => a.HasAuxiliary).Select(a => a.Name);
            throw new FoveaException(
                ErrorCode.BadArchitecture, $"{Name} has no auxiliary heads; expected one of {string.Join(", ", others)}.");
        }

        var graph = TryLayers(size, classes ?? Classes, seed, auxiliary)
            ?? throw new FoveaException(
                ErrorCode.BadArchitecture,
                $"{Name} cannot take an input of {size}, which is too small for its layers; expected at least "
                + $"{Smallest(size[0], auxiliary)}.");
        new ModelMetadata { Architecture = Name, Preprocessing = Adapted(size) }.WriteTo(graph);
        return graph;
    }

    // Null if the input is too small for a layer.
    private Graph? TryLayers(Shape size, int classes, long seed, bool auxiliary)
    {
        try
        {
            var graph = new Graph(Name);
            var x = graph.Input("input", ElementType.Float, new Shape(Shape.Free, size[0], size[1], size[2]));
            var logits = Layers(new Network(graph, seed, auxiliary), x, classes);
            graph.Outputs.Insert(0, logits);
            return graph;
        }
        catch (FoveaException e) when (e.Code == ErrorCode.BadModelFile)
        {
            return null;
        }
    }

    // The smallest square input for which the layers can be built, found by trying all sizes up to the paper's. No weights are drawn, so
    // this is fast.
    private Shape Smallest(int channels, bool auxiliary) => Enumerable.Range(1, Input[1])
        .Select(side => new Shape(channels, side, side))
        .First(size => TryLayers(size, Classes, 0, auxiliary) is not null);

    // The preprocessing for another input. The ratio of resize to crop is kept. With another number of channels, the mean and deviation are
    // averaged over the paper's channels, since they are known for these channels only.
    private Preprocessing Adapted(Shape size) => size == Input ? Preprocessing : Preprocessing with
    {
        Resize = Preprocessing.Resize * Math.Max(size[1], size[2]) / Math.Max(Input[1], Input[2]),
        Crop = [size[1], size[2]],
        Color = size[0] == Input[0] ? Preprocessing.Color : size[0] == 1 ? ColorOrder.Gray : ColorOrder.Rgb,
        Mean = size[0] == Input[0] ? Preprocessing.Mean : [Preprocessing.Mean.Average()],
        Std = size[0] == Input[0] ? Preprocessing.Std : [Preprocessing.Std.Average()],
    };
}
