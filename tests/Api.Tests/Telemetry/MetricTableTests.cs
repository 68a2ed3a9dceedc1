using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Fovea.Api.Telemetry;
using Fovea.Api.Tests.Documentation;
using Fovea.Api.Tests.Hosting;

namespace Fovea.Api.Tests.Telemetry;

public sealed partial class MetricTableTests
{
    [Fact]
    public void Page_has_the_table_that_the_code_gives() => Assert.Equal(
        MetricTable.Markdown(), TablePattern().Match(DocumentPage.Find("docs/operations.md").Text).Groups["table"].Value);

    [Fact]
    public async Task Instruments_and_scraped_metrics_are_those_of_the_table()
    {
        var instruments = new Dictionary<string, (string? Unit, string? Help)>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == Metrics.Name)
            {
                lock (instruments)
                {
                    instruments[instrument.Name] = (instrument.Unit, instrument.Description);
                }
            }
        };
        listener.Start();
        using var repository = new Repository().With("tabled", 1);
        await using var service = await TestService.StartReady(repository);
        await service.Post("/classify/tabled", Images.Digit.As(null));
        Assert.Equal(
            MetricTable.All.Select(row => (row.Name, row.Unit, row.Help)).Order(),
            instruments.Select(pair => (pair.Key, pair.Value.Unit!, pair.Value.Help!)).Order());

        await Eventually.True(async () => (await service.Metrics()).Contains("fovea_jobs{", StringComparison.Ordinal));

        // A metric is scraped only once it has a value, so refused bodies and outliers may be missing.
        string[] lines = [.. (await service.Metrics()).Split('\n').Where(line => line.Contains("otel_scope_name=\"Fovea\""))];
        foreach (var row in MetricTable.All.Except([MetricTable.BodiesRefused, MetricTable.Outliers]))
        {
            var name = row.Kind is MetricKind.Histogram ? $"{row.ScrapedName}_count" : row.ScrapedName;
            var series = Assert.Single(lines.Where(line => line.StartsWith($"{name}{{", StringComparison.Ordinal)).Take(1));
            Assert.Equal(
                ["otel_scope_name", .. row.Labels.Select(label => label.Replace('.', '_')).Order()],
                Label().Matches(series).Select(match => match.Groups["name"].Value).Order().OrderBy(label => label != "otel_scope_name"));
        }

        string[] known = [.. MetricTable.All.Select(row => row.ScrapedName)];
        Assert.DoesNotContain(lines, line => !known.Contains(Suffix().Replace(line, "")));
    }

    [GeneratedRegex(@"<!-- metrics -->\n(?<table>.*?)\n<!-- /metrics -->", RegexOptions.Singleline)]
    private static partial Regex TablePattern();

    [GeneratedRegex(@"(?<name>\w+)=""")]
    private static partial Regex Label();

    [GeneratedRegex(@"(_bucket|_sum|_count)?\{.*$")]
    private static partial Regex Suffix();
}
