using System.Text.Json;
using System.Text.RegularExpressions;
using Fovea.Api.Hosting;
using Fovea.Models.Errors;

namespace Fovea.Api.Tests.Configuration;

/// <summary>The attributes of a setting give its checks, its row in the documentation and its part of the JSON schema.</summary>
public sealed partial class SettingsTests
{
    public static TheoryData<string, string, string> WrongValues => new()
    {
        { "MaxQueue", "0", "Fovea:MaxQueue is 0; expected 1 to 100000." },
        { "MaxQueue", "many", "Fovea:MaxQueue is many; expected 1 to 100000." },
        { "MaxQueue", "99999999999", "Fovea:MaxQueue is 99999999999; expected 1 to 100000." },
        { "RequireKeyToClassify", "yes", "Fovea:RequireKeyToClassify is yes; expected true or false." },
        { "Device", "gpu", "Fovea:Device is gpu; expected auto, cpu or cuda." },
        { "Device", "2", "Fovea:Device is 2; expected auto, cpu or cuda." },
        { "ModelName", "a/b",
            "Fovea:ModelName is a/b; expected 1 to 100 characters, each a letter, a digit, '.', '_' or '-'; the first must be a letter "
                + "or a digit, and '..' is not allowed." },
        { "LogFormat", "xml", "Fovea:LogFormat is xml; expected text or json." },
        { "Role", "worker", "Fovea:Role is worker; expected serve, train or both." },
        { "Retention:Jobs", "-1", "Fovea:Retention:Jobs is -1; expected 0 to 36500." },
        { "ApiKeys", "s3cret",
            "Fovea:ApiKeys is a single text; expected a list, such as the environment variable Fovea__ApiKeys__0=VALUE." },
        { "MaxBach", "8", "Fovea:MaxBach is not a setting; did you mean Fovea:MaxBatch?" },
        { "MaxConnexions", "8", "Fovea:MaxConnexions is not a setting; did you mean Fovea:MaxConnections?" },
        { "Retention:Job", "8", "Fovea:Retention:Job is not a setting; did you mean Fovea:Retention:Jobs?" },
        { "Colour", "blue", "Fovea:Colour is not a setting; `Fovea.Api settings` lists the settings." },
    };

    [Theory, MemberData(nameof(WrongValues))]
    public void Wrong_setting_stops_the_start_with_its_name(string key, string value, string message)
    {
        var error = Assert.Throws<FoveaException>(() => Service.Build([$"--Fovea:{key}={value}", "--environment=Development"]));
        Assert.Equal(message, error.Message);
    }

    [Fact]
    public void Each_range_refuses_the_numbers_just_outside_of_it()
    {
        var ranged = SettingsTable.All.Where(setting => setting.Range is not null).ToArray();
        Assert.True(ranged.Length > 30);
        foreach (var setting in ranged)
        {
            long least = Convert.ToInt64(setting.Range!.Minimum, null), most = Convert.ToInt64(setting.Range.Maximum, null);
            foreach (var outside in (long[])[least - 1, most + 1])
            {
                var error = Assert.Throws<FoveaException>(() => Service.Build([$"--Fovea:{setting.Key}={outside}"]));
                Assert.Equal($"Fovea:{setting.Key} is {outside}; expected {least} to {most}.", error.Message);
            }
        }
    }

    [Fact]
    public void Page_of_settings_has_the_table_that_the_code_gives()
    {
        var page = File.ReadAllText(RepositoryRoot.PathOf("docs", "settings.md"));
        var table = TablePattern().Match(page).Groups["table"];
        AssertStored(page, $"{page[..table.Index]}{SettingsTable.Markdown()}{page[(table.Index + table.Length)..]}", "docs", "settings.md");
    }

    [Fact]
    public void Schema_of_appsettings_is_the_one_that_the_code_gives()
    {
        var schema = File.ReadAllText(RepositoryRoot.PathOf("src", "Api", "appsettings.schema.json"));
        AssertStored(schema, SettingsTable.Schema().ReplaceLineEndings("\n") + "\n", "src", "Api", "appsettings.schema.json");
        using var parsed = JsonDocument.Parse(schema);
        var queue = parsed.RootElement.GetProperty("properties").GetProperty("Fovea").GetProperty("properties").GetProperty("MaxQueue");
        Assert.Equal(100_000, queue.GetProperty("maximum").GetInt64());
    }

    // Leaves the file that follows from the code beside the tests' program, for copying.
    private static void AssertStored(string stored, string now, params string[] path)
    {
        var copy = Path.Combine(AppContext.BaseDirectory, $"now.{path[^1]}");
        File.WriteAllText(copy, now);
        Assert.True(now == stored, $"The settings have changed. If that is meant, copy {copy} to {string.Join('/', path)}.");
    }

    [GeneratedRegex(@"<!-- settings -->\n(?<table>.*?)\n<!-- /settings -->", RegexOptions.Singleline)]
    private static partial Regex TablePattern();
}
