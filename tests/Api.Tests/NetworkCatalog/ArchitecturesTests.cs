using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;
using Fovea.Models.Architectures;

namespace Fovea.Api.Tests.NetworkCatalog;

public sealed class ArchitecturesTests(SharedService shared)
{
    [Fact]
    public async Task List_has_every_network_with_the_properties_of_the_contract()
    {
        var list = (await shared.Running.Get("/architectures")).EnumerateArray().ToArray();
        Assert.Equal(Catalog.Architectures.Select(a => a.Name), list.Select(a => a.GetProperty("name").GetString()!));
        Assert.All(
            list,
            a =>
                Assert.Equal(
                    ["name", "source", "input", "classes", "parameters", "multiplyAdds", "hasAuxiliary"],
                    a.EnumerateObject().Select(p => p.Name)));
        var vgg16 = list.Single(a => a.GetProperty("name").GetString() == "vgg16");
        Assert.Equal(138_357_544, vgg16.GetProperty("parameters").GetInt64());
        Assert.Equal($"{vgg16}", $"{await shared.Running.Get("/architectures/vgg16")}");
    }

    [Fact]
    public async Task Summary_describes_the_network_that_the_arguments_build()
    {
        var summary = await shared.Running.Get("/architectures/googlenet/summary?classes=10&input=1x256x224&auxiliary=true&expand=true");
        Assert.Equal(
            (10, "[1,256,224]", false),
            (summary.GetProperty("classes").GetInt32(), $"{summary.GetProperty("input")}", summary.GetProperty("trained").GetBoolean()));
        var names = summary.GetProperty("layers").EnumerateArray().Select(layer => layer.GetProperty("name").GetString()).ToArray();
        Assert.Contains("inception_3a/1x1", names);
        Assert.Contains("aux1/fc1", names);
    }

    [Theory]
    [InlineData("input=3x64x64", 11_173_962)]
    [InlineData("input=3x65x64", 11_181_642)]
    [InlineData("input=3x64x64&stem=imagenet", 11_181_642)]
    [InlineData("stem=small", 11_173_962)]
    public async Task Stem_follows_the_input_or_the_parameter(string query, int parameters)
    {
        var summary = await shared.Running.Get($"/architectures/resnet18/summary?classes=10&{query}");
        Assert.Equal(parameters, summary.GetProperty("trainableParameters").GetInt32());
    }

    [Theory]
    [InlineData("/architectures/vgg17", 404, "unknown_architecture", "vgg17; expected one of lenet5")]
    [InlineData("/architectures/vgg17/summary", 404, "unknown_architecture", "vgg17")]
    [InlineData("/architectures/vgg16/summary?classes=1", 400, "bad_architecture", "1 classes; expected 2 to 100000")]
    [InlineData("/architectures/vgg16/summary?classes=ten", 400, "bad_argument", "classes is ten; expected a whole number")]
    [InlineData("/architectures/vgg16/summary?input=224", 400, "bad_argument", "The input size is 224; expected CHANNELSxHEIGHTxWIDTH")]
    [InlineData("/architectures/vgg16/summary?input=3x8x8", 400, "bad_architecture", "[3, 8, 8]")]
    [InlineData("/architectures/vgg16/summary?auxiliary=true", 400, "bad_architecture", "no auxiliary heads")]
    [InlineData("/architectures/vgg16/summary?stem=small", 400, "bad_architecture", "vgg16 has no small stem; expected one of resnet18")]
    [InlineData("/architectures/resnet18/summary?stem=tiny", 400, "bad_argument", "The stem is tiny; expected auto, small, imagenet")]
    [InlineData("/architectures/vgg16/summary?expand=maybe", 400, "bad_argument", "expand is maybe; expected true or false")]
    [InlineData("/models/lenet5/summary?expand=maybe", 400, "bad_argument", "expand is maybe")]
    public async Task Bad_argument_is_named_together_with_the_expected_value(string path, int status, string code, string named)
    {
        using var answer = await shared.Running.Client.GetAsync(path, TestContext.Current.CancellationToken);
        await answer.IsProblem(status, code, named);
    }
}
