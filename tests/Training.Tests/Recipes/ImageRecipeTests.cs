using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Training.Datasets;
using Fovea.Training.Recipes;

namespace Fovea.Training.Tests.Recipes;

public sealed class ImageRecipeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("handwriting", 1, 28, "Handwriting", "none,rotation=12,scale=0.15,shift=0.08")]
    [InlineData("gray", 1, 28, "SmallGray", "none,flip=0.5")]
    [InlineData("gray", 3, 64, "SmallGray", "none,flip=0.5")]
    [InlineData("colour", 1, 64, "SmallGray", "none,flip=0.5")]
    [InlineData("colour", 3, 32, "SmallColour", "none,flip=0.5,shift=0.125")]
    [InlineData("colour", 3, 64, "SmallColour", "none,flip=0.5,shift=0.125")]
    [InlineData("colour", 3, 65, "ColourPhotos", "none,crop=0.25,flip=0.5,brightness=0.2,contrast=0.2,saturation=0.2,hue=0.02")]
    [InlineData("gray", 3, 224, "GrayPhotos", "none,crop=0.25,flip=0.5,brightness=0.2,contrast=0.2")]
    [InlineData("colour", 1, 224, "GrayPhotos", "none,crop=0.25,flip=0.5,brightness=0.2,contrast=0.2")]
    public void Augmentation_follows_the_kind_and_the_size_of_the_images(
        string images, int channels, int side, string kind, string augmentation)
    {
        var preprocessing = new Preprocessing
        {
            Crop = [side, side],
            Color = channels == 1 ? ColorOrder.Gray : ColorOrder.Rgb,
            Invert = images == "handwriting" ? Inversion.Auto : Inversion.Never,
        };
        Images.Write(folder["a/1.png"], 9);
        Images.Write(folder["b/1.png"], 9);
        var train = DatasetFolder.Open(folder.Path, preprocessing).Train;
        var traits = ImageTraits.Of(new ImageSample(28, 28, images != "colour"), train);
        Assert.Equal((kind, side == 28, 2), ($"{traits.Kind}", traits.HasInputSize, traits.Count));
        Assert.Equal(augmentation, $"{ImageRecipe.For(traits, Recipe.Plain, steps: 1000).Augmentation}");
    }

    [Theory]
    [InlineData(10, 0.2)]
    [InlineData(500, 0.2)]
    [InlineData(1000, 0.1)]
    [InlineData(20_000, 0.03)]
    public void Learning_rate_rises_for_a_larger_share_of_a_shorter_run(long steps, double warmUp) =>
        Assert.Equal(warmUp, ImageRecipe.For(Traits(100), Recipe.Plain, steps).WarmUp);

    [Fact]
    public void Traits_are_said_in_one_line()
    {
        Assert.Equal("57000 small gray images, 28x28 pixels as they are stored", $"{Traits(57_000)}");
        Assert.Equal(
            "244 colour photos, 224x192 pixels after resizing",
            $"{new ImageTraits(ImageKind.ColourPhotos, 244, new Shape(3, 224, 192), HasInputSize: false)}");
    }

    private static ImageTraits Traits(int count) => new(ImageKind.SmallGray, count, new Shape(1, 28, 28), HasInputSize: true);
}
