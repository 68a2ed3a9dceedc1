
namespace Fovea.Api.Tests.Hosting;

public sealed class SafeHeadersTests(SharedService shared)
{
    private readonly HttpClient client = shared.Running.Client;

    [Theory]
    [InlineData("GET", "/models")]
    [InlineData("GET", "/nowhere")]
    [InlineData("DELETE", "/models")]
    [InlineData("GET", "/metrics")]
    [InlineData("GET", "/health/ready")]
    [InlineData("GET", "/swagger/index.html")]
    [InlineData("GET", "/swagger/v1/swagger.json")]
    [InlineData("POST", "/classify/lenet5")]
    [InlineData("POST", "/classify/nothing")]
    [InlineData("GET", "/v2/models/nothing")]
    [InlineData("GET", "/datasets")]
    public async Task Every_answer_forbids_browsers_to_guess_its_type(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path)
        {
            Content = method == "POST" ? Images.Digit.As(null) : null,
        };
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(["nosniff"], answer.Headers.GetValues("X-Content-Type-Options"));
    }

    [Theory]
    [InlineData("/architectures/lenet5/summary", "image/svg+xml", "default-src 'none'; style-src 'unsafe-inline'; img-src data:;")]
    [InlineData("/models/lenet5/summary", "image/svg+xml", "default-src 'none'; style-src 'unsafe-inline'; img-src data:;")]
    [InlineData("/swagger/index.html", "text/html", "default-src 'none'; script-src 'self';")]
    [InlineData("/models", "application/json", null)]
    public async Task Pages_and_pictures_have_a_content_security_policy(string path, string accept, string? policy)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Accept", accept } } };
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(accept, answer.Content.Headers.ContentType?.MediaType);
        var given = answer.Headers.TryGetValues("Content-Security-Policy", out var values) ? values.Single() : null;
        Assert.StartsWith(policy ?? "none", given ?? "none", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Swagger_page_loads_nothing_that_its_policy_forbids()
    {
        var page = await client.GetStringAsync("/swagger/index.html", TestContext.Current.CancellationToken);
        Assert.DoesNotContain("<style", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
        Assert.DoesNotMatch("\\son[a-z]+=", page);
    }
}
