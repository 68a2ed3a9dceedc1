using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Training.Datasets;

namespace Fovea.Training.Recipes;

/// <summary>The properties of training images by which a recipe is chosen.</summary>
/// <param name="Kind">The kind of the images.</param>
/// <param name="Count">The number of training images.</param>
/// <param name="Input">The shape of the network's input, [C, H, W].</param>
/// <param name="HasInputSize">Whether nearly all images have the height and width of the input already.</param>
internal sealed record ImageTraits(ImageKind Kind, int Count, Shape Input, bool HasInputSize)
{
    /// <summary>Returns the properties of the training images of a folder.</summary>
    /// <param name="sample">The size and colour of a sample of the images.</param>
    /// <param name="train">The training images.</param>
    public static ImageTraits Of(ImageSample sample, Dataset train)
    {
        var input = train.Preprocessing.Shape;
        bool isGray = input[0] == 1 || sample.IsGray, isSmall = IsSmallInput(input);
        var kind = train.Preprocessing.Invert == Inversion.Auto ? ImageKind.Handwriting
            : isSmall ? (isGray ? ImageKind.SmallGray : ImageKind.SmallColour)
            : isGray ? ImageKind.GrayPhotos : ImageKind.ColourPhotos;
        return new(kind, train.Count, input, sample.HasSize(input[1], input[2]));
    }

    /// <summary>Whether the images have an input of at most <see cref="Architecture.SmallSide"/> pixels.</summary>
    public bool IsSmall => IsSmallInput(Input);

    /// <summary>Describes the images in words.</summary>
    public override string ToString()
    {
        var kind = Kind switch
        {
            ImageKind.Handwriting => "images of handwriting",
            ImageKind.SmallGray => "small gray images",
            ImageKind.SmallColour => "small colour images",
            ImageKind.GrayPhotos => "gray photos",
            _ => "colour photos",
        };
        return FormattableString.Invariant(
            $"{Count} {kind}, {Input[1]}x{Input[2]} pixels {(HasInputSize ? "as they are stored" : "after resizing")}");
    }

    private static bool IsSmallInput(Shape input) => Math.Max(input[1], input[2]) <= Architecture.SmallSide;
}

/// <summary>The kinds of images that have recipes of their own.</summary>
internal enum ImageKind
{
    /// <summary>Handwriting, framed as MNIST frames its digits.</summary>
    Handwriting,

    /// <summary>Gray images for an input of at most 64 pixels.</summary>
    SmallGray,

    /// <summary>Colour images for an input of at most 64 pixels.</summary>
    SmallColour,

    /// <summary>Gray images for an input of more than 64 pixels.</summary>
    GrayPhotos,

    /// <summary>Colour images for an input of more than 64 pixels.</summary>
    ColourPhotos,
}
