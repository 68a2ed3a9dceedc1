using Fovea.Models.Errors;

namespace Fovea.Models.Tests.Errors;

public class NearestNameTests
{
    private static readonly string[] Names = ["models", "train", "finetune", "evaluate", "--epochs", "--learning-rate", "--data"];

    [Theory]
    [InlineData("trian", "train")]
    [InlineData("tran", "train")]
    [InlineData("eval", "evaluate")]
    [InlineData("fine-tune", "finetune")]
    [InlineData("--epoch", "--epochs")]
    [InlineData("--learningrate", "--learning-rate")]
    [InlineData("dance", null)]
    [InlineData("--x", null)]
    public void The_nearest_similar_name_is_suggested(string word, string? expected) => Assert.Equal(expected, NearestName.Of(word, Names));
}
