using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.Hosting;

public sealed class QueryNamesTests(SharedService shared)
{
    [Theory]
    [InlineData("POST", "/classify/lenet5?version=1",
        "POST /classify/lenet5 has no parameter version (did you mean POST /classify/lenet5/versions/1?); expected top, threshold.")]
    [InlineData("POST", "/classify/lenet5?topk=1", "(did you mean top?); expected top, threshold.")]
    [InlineData("POST", "/classify/lenet5/versions/1?tops=1",
        "POST /classify/lenet5/versions/1 has no parameter tops (did you mean top?); expected top, threshold.")]
    [InlineData("GET", "/architectures/vgg16/summary?channels=1",
        "has no parameter channels (did you mean input?); expected classes, input, stem, auxiliary, expand")]
    [InlineData("GET", "/architectures/vgg16/summary?class=7", "(did you mean classes?)")]
    [InlineData("GET", "/models?zzzzz=1", "GET /models has no parameter zzzzz; expected no parameters.")]
    [InlineData("GET", "/models/lenet5/summary?expanded=true", "(did you mean expand?)")]
    public async Task Unknown_parameter_is_refused_with_the_nearest_one_or_route(string method, string path, string named)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path)
        {
            Content = method == "POST" ? Images.Digit.As("image/png") : null,
        };
        using var answer = await shared.Running.Client.SendAsync(request, TestContext.Current.CancellationToken);
        await answer.IsProblem(400, "malformed_request", named);
    }

    [Theory]
    [InlineData("/models/lenet5/summary?EXPAND=true")]
    [InlineData("/architectures/vgg16/summary?input=1x224x224&classes=7&auxiliary=false")]
    [InlineData("/metrics?name=x")]
    [InlineData("/swagger/index.html?x=1")]
    public async Task Known_parameter_in_any_case_and_pages_of_other_software_are_answered(string path)
    {
        using var answer = await shared.Running.Client.GetAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)answer.StatusCode);
    }
}
