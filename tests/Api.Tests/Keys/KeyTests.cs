using System.Diagnostics;
using System.Net;
using Fovea.Api.Keys;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Microsoft.Extensions.Configuration;

namespace Fovea.Api.Tests.Keys;

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
    public async Task Route_that_changes_data_is_closed_without_a_configured_key_and_the_answer_tells_how_to_configure_one(
        string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await shared.Running.Client.SendAsync(request, TestContext.Current.CancellationToken);
        await answer.IsProblem(403, "forbidden", "Fovea__ApiKeys__0=KEY");
    }

    [Fact]
    public async Task Route_that_changes_data_needs_one_of_the_keys()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(repository, null, "--Fovea:ApiKeys:0=first", "--Fovea:ApiKeys:1=second");
        foreach (var (authorization, status) in ((string?, int)[])
        [
            (null, 401),
            ("Bearer ", 401),
            ("Bearer firs", 401),
            ("Bearer firstt", 401),
            ("Basic first", 401),
            ("Bearer first", 200),
            ("bearer second", 200),
        ])
        {
            await Answers(service, "/models/lenet5/load", authorization, status);
        }
    }

    [Fact]
    public async Task Reading_and_classifying_are_open_unless_the_settings_say_otherwise()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(
            repository, null, "--Fovea:ApiKeys:0=first", "--Fovea:RequireKeyToClassify=true");
        await Answers(service, "/classify/lenet5", null, 401);
        await Answers(service, "/classify/lenet5", "Bearer first", 200);
        Assert.Equal(HttpStatusCode.OK, (await service.Client.GetAsync("/models", TestContext.Current.CancellationToken)).StatusCode);
        using var infer = await service.Client.PostAsync("/v2/models/lenet5/infer", null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, infer.StatusCode);
        Assert.Contains(
            "\"error\"", await infer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
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
    [InlineData("X-Original-For", "127.0.0.1", 403)]
    [InlineData("CF-Connecting-IP", "10.0.0.1", 403)]
    [InlineData("CF-Connecting-IPv6", "::1", 403)]
    [InlineData("True-Client-IP", "10.0.0.1", 403)]
    [InlineData("X-Client-IP", "10.0.0.1", 403)]
    [InlineData("X-Cluster-Client-IP", "10.0.0.1", 403)]
    [InlineData("Fastly-Client-IP", "10.0.0.1", 403)]
    [InlineData("X-Azure-ClientIP", "10.0.0.1", 403)]
    [InlineData("X-Envoy-External-Address", "10.0.0.1", 403)]
    [InlineData("X-Forwarded", "for=10.0.0.1", 403)]
    [InlineData("X-ProxyUser-Ip", "10.0.0.1", 403)]
    [InlineData("Via", "1.1 proxy", 403)]
    [InlineData("Sec-Fetch-Site", "cross-site", 403)]
    [InlineData("Sec-Fetch-Site", "same-site", 403)]
    [InlineData("Sec-Fetch-Site", "same-origin", 200)]
    [InlineData("Sec-Fetch-Site", "none", 200)]
    [InlineData("X-Request-Id", "7", 200)]
    [InlineData("User-Agent", "curl/8", 200)]
    public async Task Without_a_key_only_a_developer_on_the_same_machine_may_change_data(
        string? header, string? value, int status)
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

    [Fact]
    public async Task Request_through_a_trusted_proxy_is_not_local_even_if_its_client_is()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(
            repository, null, "--environment=Development", "--Fovea:TrustedProxies:0=127.0.0.1");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/models/lenet5/load")
        {
            Headers = { { "X-Forwarded-For", "127.0.0.1" } },
        };
        using var answer = await service.Client.SendAsync(request, TestContext.Current.CancellationToken);
        await answer.IsProblem(403, "forbidden", "X-Original-For");
    }

    [Theory]
    [InlineData("classify", 200, 403, 403)]
    [InlineData("train", 403, 200, 403)]
    [InlineData("administer", 403, 403, 200)]
    [InlineData("administer,classify", 200, 403, 200)]
    [InlineData("", 200, 200, 200)]
    public async Task Key_opens_only_the_routes_of_its_scopes(string scopes, int classify, int train, int administer)
    {
        using var repository = new Repository().With("lenet5", 1);
        string[] granted =
        [
            .. scopes.Split(',', StringSplitOptions.RemoveEmptyEntries).Select((scope, i) => $"--Fovea:ApiKeys:0:Scopes:{i}={scope}"),
        ];
        await using var service = await TestService.StartReady(
            repository, null,
            [
                .. granted,
                "--Fovea:ApiKeys:0:Name=lab",
                $"--Fovea:ApiKeys:0:Sha256={Convert.ToHexString(ApiKeys.Hash("secret"))}",
                "--Fovea:ApiKeys:1=other",
                "--Fovea:RequireKeyToClassify=true",
            ]);
        await Answers(service, "/classify/lenet5", "Bearer secret", classify);
        await Answers(service, "/models/lenet5/load", "Bearer secret", administer);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/datasets") { Headers = { { "Authorization", "Bearer secret" } } };
        using var answer = await service.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(train, (int)answer.StatusCode);
        if (train == 403)
        {
            await answer.IsProblem(403, "forbidden", "The key lab has the scopes");
        }
    }

    [Fact]
    public async Task Every_write_and_every_refused_one_is_logged_with_the_name_of_its_key()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(
            repository, null, "--Fovea:ApiKeys:0:Name=lab", $"--Fovea:ApiKeys:0:Sha256={Convert.ToHexString(ApiKeys.Hash("secret"))}");
        await Answers(service, "/models/lenet5/load", "Bearer secret", 200);
        await service.Logs.Until("lab: POST /models/lenet5/load was answered with 200");
        await Answers(service, "/models/lenet6/load", "Bearer secret", 404);
        await service.Logs.Until("lab: POST /models/lenet6/load was answered with 404");
        service.Client.DefaultRequestHeaders.Authorization = new("Bearer", "guessed");
        await service.Client.PostAsync("/models/lenet5/load", null, TestContext.Current.CancellationToken);
        await service.Logs.Until("no known key: POST /models/lenet5/load was answered with 401");
    }

    [Fact]
    public async Task Command_makes_a_working_key_and_settings_with_its_hash()
    {
        using var repository = new Repository().With("lenet5", 1);
        var (code, output, _) = await Keys("new", "--name", "lab", "--scopes", "train,administer");
        Assert.Equal(0, code);
        var key = Assert.Single(output.Split('\n'), line => line.StartsWith("fovea_", StringComparison.Ordinal));
        var settings = output.Split('\n').Where(line => line.StartsWith("Fovea__", StringComparison.Ordinal)).ToArray();
        Assert.DoesNotContain(settings, line => line.Contains(key, StringComparison.Ordinal));
        await using var service = await TestService.StartReady(
            repository,
            null,
            [.. settings.Select(line => $"--{line.Replace("__", ":", StringComparison.Ordinal)}"), "--Fovea:RequireKeyToClassify=true"]);
        await Answers(service, "/models/lenet5/load", $"Bearer {key}", 200);
        await Answers(service, "/classify/lenet5", $"Bearer {key}", 403);
        await Answers(service, "/models/lenet5/load", $"Bearer {key}0", 401);
    }

    [Theory]
    [InlineData("Expected: keys new --name NAME", "make", "--name", "lab")]
    [InlineData("Expected: keys new --name NAME", "new")]
    [InlineData("has 0 characters", "new", "--name", "")]
    [InlineData("the scope fly", "new", "--name", "lab", "--scopes", "train,fly")]
    public async Task Command_with_wrong_arguments_prints_the_expected_ones(string reason, params string[] arguments)
    {
        var (code, output, errors) = await Keys(arguments);
        Assert.Equal((1, ""), (code, output));
        Assert.Contains(reason, errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no name", "Scopes:0=train")]
    [InlineData("sha256 of the key lab is missing", "Name=lab")]
    [InlineData("sha256 of the key lab is 12", "Name=lab", "Sha256=12")]
    [InlineData("scope fly; expected some of classify, train, administer", "Name=lab", "Sha256=HASH", "Scopes:0=fly")]
    [InlineData("Scope", "Name=lab", "Sha256=HASH", "Scope=train")]
    public void Incomplete_key_is_refused_with_the_reason(string reason, params string[] values)
    {
        var pairs = values.Select(value => value.Replace("HASH", new string('a', 64), StringComparison.Ordinal).Split('='))
            .Select(pair => KeyValuePair.Create($"Fovea:ApiKeys:0:{pair[0]}", (string?)pair[1]));
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(pairs).Build();
        Assert.Contains(reason, Assert.Throws<FoveaException>(() => ApiKeys.Read(configuration)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Fovea:ApiKeys", "secret", "expected a list")]
    [InlineData("Fovea:ApiKeys:0", "", "is empty")]
    [InlineData("Fovea:ApiKeys:0", "secret ", "white space")]
    [InlineData("Fovea:RequireKeyToClassify", "true", "has no key")]
    public void Invalid_setting_is_refused_with_the_reason(string name, string value, string reason)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(name, value)]).Build();
        Assert.Contains(reason, Assert.Throws<FoveaException>(() => ApiKeys.Read(configuration)).Message, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Errors)> Keys(params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Fovea.Api.dll"), "keys", .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
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
