using System.Text.Json;
using System.Text.RegularExpressions;
using Fovea.Api.Tests.Hosting;
using Fovea.Models.Graphs;

namespace Fovea.Api.Tests.Telemetry;

public sealed partial class GrafanaTests
{
    [Fact]
    public async Task Dashboard_uses_only_existing_metrics_and_labels()
    {
        using var repository = new Repository().With("charted", 1);
        await using var service = await TestService.StartReady(repository);
        await service.Post("/classify/charted", Images.Digit.As(null));
        GC.Collect();
        string[] series = [.. (await service.Metrics()).Split('\n').Where(line => !line.StartsWith('#'))];
        using var board = JsonDocument.Parse(await File.ReadAllTextAsync(
            Path.Combine(AppContext.BaseDirectory, "docker", "grafana.json"), TestContext.Current.CancellationToken));
        string[] queries =
        [
            .. board.RootElement.GetProperty("panels")
                .EnumerateArray().SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
                .Select(target => target.GetProperty("expr").GetString()!),
        ];
        Assert.NotEmpty(queries);
        foreach (var query in queries)
        {
            string[] labels =
            [
                .. Grouping().Matches(query).SelectMany(match => match.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries)),
                .. Filter().Matches(query).Select(match => match.Groups[1].Value),
            ];
            string[] names = [.. Name().Matches(Labels().Replace(query, "")).Select(match => match.Value)];
            Assert.NotEmpty(names);
            foreach (var name in names)
            {
                var found = series.FirstOrDefault(line =>
                    line.StartsWith($"{name}{{", StringComparison.Ordinal) || line.StartsWith($"{name} ", StringComparison.Ordinal));
                Assert.True(found is not null, $"{query}: /metrics has no {name}.");
                Assert.All(labels, label => Assert.Contains($"{label}=\"", found, StringComparison.Ordinal));
            }
        }
    }

    [GeneratedRegex(@"\b(fovea|http|dotnet|kestrel)_\w+")]
    private static partial Regex Name();

    [GeneratedRegex(@"by \(([^)]*)\)")]
    private static partial Regex Grouping();

    [GeneratedRegex(@"by \([^)]*\)|\{[^}]*\}")]
    private static partial Regex Labels();

    [GeneratedRegex(@"(\w+)=~")]
    private static partial Regex Filter();
}
