using System.Xml.Linq;
using Fovea.Api.Tests.Hosting;

namespace Fovea.Api.Tests.ModelRepository;

public sealed class SummaryTests(SharedService shared)
{
    [Fact]
    public async Task Json_has_the_properties_of_the_contract()
    {
        var summary = await shared.Running.Get("/models/lenet5/summary");
        Assert.Equal(
            [
                "name",
                "input",
                "classes",
                "trained",
                "layers",
                "totalParameters",
                "trainableParameters",
                "nonTrainableParameters",
                "multiplyAdds",
                "weightBytes",
                "activationBytes",
            ],
            summary.EnumerateObject().Select(p => p.Name));
        Assert.Equal(
            ["name", "type", "outputShape", "parameters", "multiplyAdds", "connectedTo", "receptiveField", "activationBytes"],
            summary.GetProperty("layers")[0].EnumerateObject().Select(p => p.Name));
        Assert.Equal("lenet5", summary.GetProperty("name").GetString());
        Assert.Equal(44_426, summary.GetProperty("totalParameters").GetInt64());
    }

    [Theory]
    [InlineData("text/plain", true)]
    [InlineData("text/plain, application/json;q=0.5", true)]
    [InlineData("text/plain;q=0.5, application/json", false)]
    [InlineData("text/html, */*;q=0.1", false)]
    [InlineData("*/*", false)]
    public async Task Request_that_accepts_text_gets_a_table(string accept, bool isTable)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/models/lenet5/summary?expand=true")
        {
            Headers = { { "Accept", accept } },
        };
        using var answer = await shared.Running.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(isTable ? "text/plain" : "application/json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Contains(isTable ? "Total parameters: 44,426" : "\"totalParameters\":44426", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/models/lenet5/summary")]
    [InlineData("/architectures/googlenet/summary?expand=true&auxiliary=true")]
    public async Task Request_that_accepts_svg_gets_a_picture(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path)
        {
            Headers = { { "Accept", "image/avif,image/svg+xml,image/*,*/*;q=0.8" } },
        };
        using var answer = await shared.Running.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal("image/svg+xml", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(
            "svg", XDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Root!.Name.LocalName);
        Assert.Contains("Accept", answer.Headers.Vary);
    }
}
