using Fovea.Models.Architectures;
using Fovea.Models.Imaging;
using Fovea.Models.Runtime;
using Fovea.Training.Datasets;
using Fovea.Training.Recipes;

namespace Fovea.Training.Tests.Recipes;

public sealed class LearningChoicesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("resnet18", 32, 0.001, 0)]
    [InlineData("resnet18", 64, 0.001, 0)]
    [InlineData("resnet18", 65, 0.0125, 0.1)]
    [InlineData("densenet121", 32, 0.0125, 0.1)]
    public void Small_images_get_the_networks_recipe_for_them(string network, int side, double learningRate, double labelSmoothing)
    {
        var options = new LearningChoices().Options(
            Catalog.Find(network).Recipe, Photos(side), folder["out.onnx"], Device.Cpu);
        Assert.Equal((learningRate, labelSmoothing), (options.LearningRate, options.LabelSmoothing));
    }

    [Fact]
    public void Choices_precede_the_recipe_for_small_images()
    {
        var options = new LearningChoices { LearningRate = 0.02, Optimizer = "sgd" }.Options(
            Catalog.Find("resnet18").Recipe, Photos(32), folder["out.onnx"], Device.Cpu);
        Assert.Equal(0.02, options.LearningRate);
        Assert.Equal("sgd", options.Optimizer.Name);
    }

    private DatasetFolder Photos(int side)
    {
        foreach (var name in new[] { "train/a", "train/b", "val/a", "val/b" })
        {
            Images.Write(folder[$"{name}/1.png"], 9);
        }

        return DatasetFolder.Open(folder.Path, Preprocessing.ImageNet(224) with { Resize = null, Crop = [side, side] });
    }
}
