using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Fovea.Api.Tests.Deployment;

/// <summary>
/// Checks the structure of docker-compose.yml, because Docker Compose itself is not part of the tests: which services a profile starts,
/// and that whatever a service refers to exists.
/// </summary>
public sealed class ComposeTests
{
    private static readonly Dictionary<object, object> File = Parse();

    private static readonly Dictionary<object, object> Services = Map(File["services"]);

    [Theory]
    [InlineData("single", "fovea")]
    [InlineData("gpu", "fovea-gpu")]
    [InlineData("cluster", "api-1 api-2 balancer postgres worker-1 worker-2")]
    public void Profile_starts_its_services_and_no_other(string profile, string services) =>
        Assert.Equal(services.Split(' '), Started(profile));

    [Fact]
    public void Without_a_profile_on_the_command_line_the_environment_file_selects_the_single_service() =>
        Assert.Contains("COMPOSE_PROFILES=single", System.IO.File.ReadLines(RepositoryRoot.PathOf(".env")));

    [Theory, InlineData("single"), InlineData("gpu"), InlineData("cluster")]
    public void Services_of_a_profile_depend_only_on_services_of_it_that_report_their_health(string profile)
    {
        var started = Started(profile);
        foreach (var name in started)
        {
            foreach (var (dependency, condition) in Map(Service(name).GetValueOrDefault("depends_on")))
            {
                Assert.Contains($"{dependency}", started);
                Assert.Equal("service_healthy", Map(condition)["condition"]);
                Assert.Contains("healthcheck", Service($"{dependency}").Keys);
            }
        }
    }

    [Theory, InlineData("single"), InlineData("gpu"), InlineData("cluster")]
    public void Services_of_a_profile_publish_each_port_once(string profile)
    {
        var ports = Started(profile).SelectMany(name => List(Service(name).GetValueOrDefault("ports"))).ToArray();
        Assert.Contains("8080:8080", ports);
        Assert.Equal(ports.Distinct(), ports);
    }

    [Fact]
    public void Networks_volumes_secrets_and_files_exist()
    {
        foreach (var name in Services.Keys)
        {
            var service = Service($"{name}");
            Assert.All(List(service.GetValueOrDefault("networks")), network => Assert.Contains(network, Names("networks")));
            Assert.All(List(service.GetValueOrDefault("secrets")), secret => Assert.Contains(secret, Names("secrets")));
            foreach (var volume in List(service.GetValueOrDefault("volumes")).Select(volume => volume.Split(':')[0]))
            {
                // The folder ./data is made by the user.
                Assert.True(
                    volume is "./data" || Names("volumes").Contains(volume) || Path.Exists(RepositoryRoot.PathOf(volume)), $"{volume}");
            }

            if (service.GetValueOrDefault("build") is { } build)
            {
                Assert.True(System.IO.File.Exists(RepositoryRoot.PathOf($"{Map(build)["dockerfile"]}")));
            }
        }
    }

    [Fact]
    public void Settings_in_the_environment_exist()
    {
        var settings = Api.Hosting.SettingsTable.All.Select(setting => $"Fovea__{setting.Key}").ToArray();
        var variables = Services.Keys.SelectMany(name => Map(Service($"{name}").GetValueOrDefault("environment")).Keys)
            .Select(name => $"{name}").Where(name => name.StartsWith("Fovea__", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(variables);
        Assert.All(variables, name => Assert.Contains(Regex.Replace(name, "(__0|_FILE)$", ""), settings));
    }

    private static string[] Started(string profile) =>
    [
        .. Services.Keys.Select(name => $"{name}")
            .Where(name => Service(name).GetValueOrDefault("profiles") is not { } profiles || List(profiles).Contains(profile))
            .Order(StringComparer.Ordinal),
    ];

    private static Dictionary<object, object> Service(string name) => Map(Services[name]);

    private static IEnumerable<string> Names(string section) => Map(File[section]).Keys.Select(name => $"{name}");

    private static Dictionary<object, object> Map(object? value) => (Dictionary<object, object>?)value ?? [];

    private static IEnumerable<string> List(object? value) => ((List<object>?)value ?? []).Select(item => $"{item}");

    private static Dictionary<object, object> Parse()
    {
        using var text = System.IO.File.OpenText(RepositoryRoot.PathOf("docker-compose.yml"));
        return new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(new MergingParser(new Parser(text)));
    }
}
