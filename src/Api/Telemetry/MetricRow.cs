namespace Fovea.Api.Telemetry;

/// <summary>The kind of a metric.</summary>
internal enum MetricKind
{
    /// <summary>A number that only grows.</summary>
    Counter,

    /// <summary>A value at the present moment.</summary>
    Gauge,

    /// <summary>The number of measurements in ranges of values, and their sum.</summary>
    Histogram,
}

/// <summary>A metric: a row of <see cref="MetricTable"/>.</summary>
/// <param name="Name">The name, with dots.</param>
/// <param name="Kind">The kind of the metric.</param>
/// <param name="Unit">The unit in UCUM's notation: s, By, or for example {image} for a number of images.</param>
/// <param name="Labels">The labels of its time series; empty: the metric has one time series.</param>
/// <param name="Help">One clause that says what the metric measures.</param>
internal sealed record MetricRow(string Name, MetricKind Kind, string Unit, string[] Labels, string Help)
{
    /// <summary>The name at <c>/metrics</c>, which the exporter for Prometheus makes from name, unit and kind.</summary>
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
