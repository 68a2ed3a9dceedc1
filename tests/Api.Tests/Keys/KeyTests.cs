using System.Net;
using Fovea.Models;
using Microsoft.Extensions.Configuration;

namespace Fovea.Api.Tests;

public sealed class KeyTests(SharedService shared)
{
    public static TheoryData<string, string> Writing => new()
    {
        { "POST", "/models/lenet5/load" },
        { "POST", "/models/lenet5/unload" },
        { "POST", "/models/lenet5/rollback" },
        { "POST", "/models/lenet5/versions/1/publish" },
        { "PUT", "/models/lenet5/versions/3" },
        { "DELETE", "/models/lenet5/versions/1" },
    };

    [Theory, MemberData(nameof(Writing))]
    public async Task Route_that_writes_is_closed_where_no_key_is_set_and_says_how_to_set_one(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await shared.Running.Client.SendAsync(request, TestContext.Current.CancellationToken);
        await answer.IsProblem(403, "forbidden", "Fovea__ApiKeys__0=KEY");
    }

    [Fact]
    public async Task Route_that_writes_wants_one_of_the_keys()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(repository, null, "--Fovea:ApiKeys:0=first", "--Fovea:ApiKeys:1=second");
        foreach (var (authorization, status) in ((string?, int)[])[(null, 401), ("Bearer ", 401), ("Bearer firs", 401), ("Bearer firstt", 401), ("Basic first", 401), ("Bearer first", 200), ("bearer second", 200)])
        {
            await Answers(service, "/models/lenet5/load", authorization, status);
        }
    }

    [Fact]
    public async Task Reading_and_classifying_are_open_unless_the_settings_say_otherwise()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(repository, null, "--Fovea:ApiKeys:0=first", "--Fovea:RequireKeyToClassify=true");
        await Answers(service, "/classify/lenet5", null, 401);
        await Answers(service, "/classify/lenet5", "Bearer first", 200);
        Assert.Equal(HttpStatusCode.OK, (await service.Client.GetAsync("/models", TestContext.Current.CancellationToken)).StatusCode);
        using var infer = await service.Client.PostAsync("/v2/models/lenet5/infer", null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, infer.StatusCode);
        Assert.Contains("\"error\"", await infer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, null, 200)]
    [InlineData("Host", "127.0.0.1:8080", 200)]
    [InlineData("Origin", "same", 200)]
    [InlineData("Origin", "https://elsewhere.example", 403)]
    [InlineData("Origin", "null", 403)]
    [InlineData("Host", "elsewhere.example", 403)]
    [InlineData("X-Forwarded-For", "10.0.0.1", 403)]
    [InlineData("Forwarded", "for=10.0.0.1", 403)]
    [InlineData("X-Real-IP", "10.0.0.1", 403)]
    public async Task Without_a_key_a_developer_at_the_same_machine_may_write_and_nobody_behind_a_proxy_or_a_foreign_page(string? header, string? value, int status)
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(repository, null, "--environment=Development");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/models/lenet5/load");
        if (header is not null)
        {
            request.Headers.Add(header, value == "same" ? service.Client.BaseAddress!.GetLeftPart(UriPartial.Authority) : value);
        }

        using var answer = await service.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Theory]
    [InlineData("Fovea:ApiKeys", "secret", "expected a list")]
    [InlineData("Fovea:ApiKeys:0", "", "is empty")]
    [InlineData("Fovea:ApiKeys:0", "secret ", "white space")]
    [InlineData("Fovea:RequireKeyToClassify", "true", "has no key")]
    public void Setting_that_cannot_be_is_refused_with_the_reason(string name, string value, string reason)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(name, value)]).Build();
        Assert.Contains(reason, Assert.Throws<FoveaException>(() => ApiKeys.Read(configuration)).Message, StringComparison.Ordinal);
    }

    private static async Task Answers(TestService service, string path, string? authorization, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = Images.Digit.As(null) };
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        using var answer = await service.Client.SendAsync(request);
        Assert.Equal(status, (int)answer.StatusCode);
        if (status == 401)
        {
            Assert.Equal("Bearer", Assert.Single(answer.Headers.WwwAuthenticate).Scheme);
            await answer.IsProblem(401, "unauthorized", "Authorization: Bearer KEY");
        }
    }
}
