using Fovea.Training.Datasets;
using Recipe = Fovea.Models.Architectures.Recipe;

namespace Fovea.Training.Recipes;

/// <summary>The default settings of training that depend on the images as well as on the network.</summary>
/// <param name="Augmentation">The random changes to training images.</param>
/// <param name="WarmUp">The share of the steps in which the learning rate rises, 0.03 to 0.2.</param>
/// <param name="LabelSmoothing">The share of each target that is spread over all classes, 0 to less than 1.</param>
internal sealed record ImageRecipe(Augmentation Augmentation, double WarmUp, double LabelSmoothing)
{
    // The learning rate rises for this number of steps, but for at least the least share and at most the largest share of the run.
    private const double WarmUpSteps = 100, LeastWarmUp = 0.03, MostWarmUp = 0.2;

    /// <summary>Returns the recipe for images.</summary>
    /// <param name="images">The training images.</param>
    /// <param name="network">The network's own recipe.</param>
    /// <param name="steps">The number of steps of the run, at least 1.</param>
    public static ImageRecipe For(ImageTraits images, Recipe network, long steps) => new(
        AugmentationFor(images), Math.Clamp(WarmUpSteps / steps, LeastWarmUp, MostWarmUp), network.LabelSmoothing);

    /// <summary>Returns the random changes that suit images.</summary>
    public static Augmentation AugmentationFor(ImageTraits images) => images.Kind switch
    {
        ImageKind.Handwriting => Augmentation.Digits,
        ImageKind.SmallGray => Augmentation.SmallGray,
        ImageKind.SmallColour => Augmentation.Small,

        // Gray pixels have no colour, so saturation and hue are not changed.
        ImageKind.GrayPhotos => Augmentation.Photos with { Saturation = 0, Hue = 0 },
        _ => Augmentation.Photos,
    };
}
