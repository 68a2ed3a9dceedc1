using Fovea.Api.Tests.Hosting;

namespace Fovea.Api.Tests.NetworkCatalog;

public sealed class PretrainedTests(SharedService shared)
{
    [Fact]
    public async Task List_begins_with_the_built_in_base_and_has_the_properties_of_the_contract()
    {
        var list = (await shared.Running.Get("/pretrained")).EnumerateArray().ToArray();
        Assert.All(list, known => Assert.Equal(
            ["name", "source", "licence", "parameters", "bytes", "accuracy", "state"], known.EnumerateObject().Select(p => p.Name)));
        Assert.Equal(
            ("resnet18-mlnet", "built-in"), (list[0].GetProperty("name").GetString(), list[0].GetProperty("state").GetString()));
        var resnet50 = list.Single(known => known.GetProperty("name").GetString() == "resnet50");
        Assert.Equal(("to download", 0.7613), (resnet50.GetProperty("state").GetString(), resnet50.GetProperty("accuracy").GetDouble()));
    }
}
