namespace Fovea.Api.Telemetry;

/// <summary>How a metric changes.</summary>
internal enum MetricKind
{
    /// <summary>It only grows.</summary>
    Counter,

    /// <summary>It is a value of this moment.</summary>
    Gauge,

    /// <summary>It counts measurements by size, and sums them.</summary>
    Histogram,
}

/// <summary>A metric: a row of <see cref="MetricTable"/>.</summary>
/// <param name="Name">The name, with points.</param>
/// <param name="Kind">How it changes.</param>
/// <param name="Unit">The unit, in UCUM's notation: s, By, or {image} for a count of images.</param>
/// <param name="Labels">The labels that tell its time series apart; empty: it has one.</param>
/// <param name="Help">One clause that says what it measures.</param>
internal sealed record MetricRow(string Name, MetricKind Kind, string Unit, string[] Labels, string Help)
{
    /// <summary>The name at <c>/metrics</c>, as the exporter for Prometheus makes it.</summary>
    public string ScrapedName
    {
        get
        {
            var unit = Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
            var total = Kind is MetricKind.Counter ? "_total" : "";
            return $"{Name.Replace('.', '_')}{unit}{total}";
        }
    }
}
