using Fovea.Models.Errors;
using Fovea.Models.Imaging;
using Fovea.Training.Datasets;
using Fovea.Training.Recipes;

namespace Fovea.Training.Tests.Recipes;

public sealed class ClassWeightsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Dataset train;

    public ClassWeightsTests()
    {
        foreach (var (label, count) in new[] { ("cat", 6), ("dog", 2) })
        {
            for (int i = 0; i < count; i++)
            {
                Images.Write(folder[$"data/{label}/{i}.png"], (byte)(10 * i));
            }
        }

        train = DatasetFolder.Open(folder["data"], new Preprocessing { Crop = [28, 28] }).Train;
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Balanced_classes_count_the_same_and_the_mean_over_the_images_is_one()
    {
        var weights = ClassWeights.Read("balanced", train)!;
        Assert.Equal(6 * weights[0], 2 * weights[1], 1e-5f);
        Assert.Equal(1, train.Targets.Average(target => weights[target]), 1e-5f);
        Assert.Null(ClassWeights.Read("none", train));
    }

    [Fact]
    public void File_gives_each_class_its_weight()
    {
        File.WriteAllText(folder["weights.json"], """{"dog": 4, "cat": 2}""");
        var weights = ClassWeights.Read(folder["weights.json"], train)!;
        Assert.Equal(2 * weights[0], weights[1], 1e-5f);
    }

    [Theory]
    [InlineData("""{"cat": 1}""", "has no weight for dog")]
    [InlineData("""{"cat": 1, "dog": 1, "cow": 1}""", "has a weight for cow, which is not a class")]
    [InlineData("""{"cat": 1, "dog": 0}""", "has the weight 0 for dog")]
    [InlineData("""{"cat": 1""", "is not valid at")]
    public void File_of_other_content_is_refused(string content, string problem)
    {
        File.WriteAllText(folder["weights.json"], content);
        var refused = Assert.Throws<FoveaException>(() => ClassWeights.Read(folder["weights.json"], train));
        Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
        Assert.Contains("expected balanced, none, or a JSON file", refused.Message, StringComparison.Ordinal);
    }
}
