using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;
using Fovea.Models.Metadata;

namespace Fovea.Models.Architectures;

/// <summary>A network as in a paper. Graphs with other input sizes and numbers of classes can be built from it.</summary>
/// <param name="Name">The network's name in the catalog and on the command line.</param>
/// <param name="Source">The authors, year and title of the paper.</param>
/// <param name="Classes">The number of classes in the paper.</param>
/// <param name="Preprocessing">The preprocessing in the paper, which includes the size of the input.</param>
/// <param name="Layers">
/// Adds the layers and returns the logits, [N, classes]. The arguments are the builder, the input [N, C, H, W] and the number of classes.
/// </param>
public sealed record Architecture(
    string Name, string Source, int Classes, Preprocessing Preprocessing, Func<Network, Value, int, Value> Layers)
{
    /// <summary>The largest height and width in pixels of an input that counts as small.</summary>
    public const int SmallSide = 64;

    /// <summary>The shape of the paper's input, [C, H, W].</summary>
    public Shape Input => Preprocessing.Shape;

    /// <summary>
    /// The number of trainable parameters with the paper's input and number of classes, without auxiliary heads. It is the number that
    /// torchvision publishes, or the sum over the paper's layers if torchvision lacks the network. A test compares it with the layers.
    /// </summary>
    public required long Parameters { get; init; }

    /// <summary>The smallest height and width of an input for which the layers can be built, at least 1.</summary>
    public required int SmallestSide { get; init; }

    /// <summary>
    /// The smallest height and width of an input of the network with auxiliary heads; <c>null</c>, the default, if it has no auxiliary
    /// heads.
    /// </summary>
    public int? SmallestSideWithAuxiliary { get; init; }

    /// <summary>The default hyperparameters for training from random weights. Default: <see cref="Recipe.Plain"/>.</summary>
    public Recipe Recipe { get; init; } = Recipe.Plain;

    /// <summary>The same network in torchvision; <c>null</c>, the default, if torchvision lacks it.</summary>
    public TorchvisionNetwork? Torchvision { get; init; }

    /// <summary>Whether the network has auxiliary heads, which are used in training only.</summary>
    public bool HasAuxiliary => SmallestSideWithAuxiliary is not null;

    /// <summary>
    /// Adds the layers like <see cref="Layers"/>, but with a stem (the first layers) for small images; <c>null</c>, the default, if the
    /// network has no such stem.
    /// </summary>
    public Func<Network, Value, int, Value>? SmallStemLayers { get; init; }

    /// <summary>Builds the network with random weights, which are drawn when they are first read.</summary>
    /// <param name="classes">The number of classes, 2 to 100,000; <c>null</c> for the paper's number.</param>
    /// <param name="input">
    /// The shape of one image, [C, H, W], with 1 or 3 channels and sides of 1 to 4096; <c>null</c> for the paper's shape.
    /// </param>
    /// <param name="seed">The seed of the weights' random numbers. Default 0.</param>
    /// <param name="auxiliary">
    /// Whether to build the auxiliary heads. Their logits are outputs after the first output. Default false.
    /// </param>
    /// <param name="stem">The variant of the first layers. Default <see cref="Stem.Auto"/>.</param>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.BadArchitecture"/>: an argument is out of range, the input is too small for the layers, or there are no
    /// auxiliary heads or no small stem.
    /// </exception>
    public Graph Build(
        int? classes = null, Shape? input = null, long seed = 0, bool auxiliary = false, Stem stem = Stem.Auto)
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

        int smallest = auxiliary ? SmallestSideWithAuxiliary!.Value : SmallestSide;
        if (size[1] < smallest || size[2] < smallest)
        {
            throw new FoveaException(
                ErrorCode.BadArchitecture,
                $"{Name} cannot take an input of {size}, which is too small for its layers; expected at least "
                + $"{new Shape(size[0], smallest, smallest)}.");
        }

        bool isSmall = HasSmallStem(size, stem);
        var graph = new Graph(Name);
        var x = graph.Input("input", ElementType.Float, new Shape(Shape.Free, size[0], size[1], size[2]));
        var logits = (isSmall ? SmallStemLayers! : Layers)(new Network(graph, seed, auxiliary), x, classes ?? Classes);
        graph.Outputs.Insert(0, logits);
        new ModelMetadata
        {
            Architecture = Name,
            Preprocessing = Adapted(size),
            Stem = SmallStemLayers is null ? null : StemNames.Of(isSmall ? Stem.Small : Stem.ImageNet),
        }.WriteTo(graph);
        return graph;
    }

    /// <summary>Whether the network for an input has the small stem.</summary>
    /// <param name="input">The input, [C, H, W].</param>
    /// <param name="stem">The requested stem. Default <see cref="Stem.Auto"/>.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadArchitecture"/>: the network has no small stem.</exception>
    public bool HasSmallStem(Shape input, Stem stem = Stem.Auto)
    {
        if (stem == Stem.Small && SmallStemLayers is null)
        {
            var others = Catalog.Architectures.Where(a => a.SmallStemLayers is not null).Select(a => a.Name);
            throw new FoveaException(
                ErrorCode.BadArchitecture, $"{Name} has no small stem; expected one of {string.Join(", ", others)}.");
        }

        return stem == Stem.Small || (stem == Stem.Auto && SmallStemLayers is not null && Math.Max(input[1], input[2]) <= SmallSide);
    }

    // The preprocessing for another input size. The ratio of resize to crop does not change. For another number of channels, the mean and
    // standard deviation are averaged over the paper's channels, since they are known only for these channels.
    private Preprocessing Adapted(Shape size) => size == Input ? Preprocessing : Preprocessing with
    {
        Resize = Preprocessing.Resize * Math.Max(size[1], size[2]) / Math.Max(Input[1], Input[2]),
        Crop = [size[1], size[2]],
        Color = size[0] == Input[0] ? Preprocessing.Color : size[0] == 1 ? ColorOrder.Gray : ColorOrder.Rgb,
        Mean = size[0] == Input[0] ? Preprocessing.Mean : [Preprocessing.Mean.Average()],
        Std = size[0] == Input[0] ? Preprocessing.Std : [Preprocessing.Std.Average()],
    };
}
