namespace Fovea.Api.Telemetry;

/// <summary>
/// All metrics of the service. The instruments of <see cref="Metrics"/>, the answer of <c>/metrics</c> and the table in the documentation
/// are made from these rows.
/// </summary>
internal static class MetricTable
{
    // Metrics of classification

    public static readonly MetricRow Answers = new(
        "fovea.answers", MetricKind.Counter, "{answer}", ["model", "outcome", "reason"],
        "Images answered and requests refused, by outcome (ok, refused) and reason (the code of the problem)");

    public static readonly MetricRow Outliers = new(
        "fovea.outliers", MetricKind.Counter, "{image}", ["model"],
        "Answered images that resemble none of the model's classes; counted for models that are calibrated to detect this");

    public static readonly MetricRow StageDuration = new(
        "fovea.stage.duration", MetricKind.Histogram, "s", ["model", "stage"],
        "Time in each stage of a request: admit (until the body has arrived), decode, queue, infer (the run of the whole batch), write");

    public static readonly MetricRow BatchSize = new(
        "fovea.batch.size", MetricKind.Histogram, "{image}", ["model"], "Images in a batch, before padding");

    public static readonly MetricRow BatchRuns = new(
        "fovea.batch.runs", MetricKind.Counter, "{run}", ["model"], "Runs of ONNX Runtime; each run classifies one batch");

    public static readonly MetricRow BatchImages = new(
        "fovea.batch.images", MetricKind.Counter, "{image}", ["model"],
        "Images in all runs. Divided by fovea_batch_runs_total, this is the mean batch size");

    public static readonly MetricRow RequestsActive = new(
        "fovea.requests.active", MetricKind.Gauge, "{request}", ["model"],
        "Requests in flight that a model has admitted, including requests that wait for a run");

    public static readonly MetricRow ModelLoadDuration = new(
        "fovea.model.load.duration", MetricKind.Histogram, "s", ["model", "outcome"],
        "Time to load a model, by outcome (ok, failed)");

    // Metrics of requests

    public static readonly MetricRow RequestDuration = new(
        "http.server.request.duration", MetricKind.Histogram, "s",
        ["http.request.method", "http.response.status_code", "http.route"],
        "Time of requests that do not classify");

    public static readonly MetricRow BodiesRefused = new(
        "fovea.bodies.refused", MetricKind.Counter, "{body}", ["reason"],
        "Request bodies refused while they arrived, by reason (share: the caller's bodies take too much memory, pace: too slow)");

    public static readonly MetricRow BodiesBuffered = new(
        "fovea.bodies.buffered", MetricKind.Gauge, "By", [], "Memory of request bodies that arrive in pieces");

    // Metrics of jobs

    public static readonly MetricRow Jobs = new(
        "fovea.jobs", MetricKind.Gauge, "", ["status"],
        "Fine-tuning jobs in the database, by status; left out while the database does not answer");

    // Metrics of the process

    public static readonly MetricRow DeviceFallback = new(
        "fovea.device.fallback", MetricKind.Gauge, "", [],
        "1 if CUDA was chosen but does not work and the CPU is used instead, otherwise 0");

    public static readonly MetricRow ProcessResident = new(
        "fovea.process.resident", MetricKind.Gauge, "By", [], "Resident memory of the process");

    /// <summary>All rows, in the order of the documentation.</summary>
    public static IReadOnlyList<MetricRow> All { get; } =
    [
        Answers, Outliers, StageDuration, BatchSize, BatchRuns, BatchImages, RequestsActive, ModelLoadDuration,
        RequestDuration, BodiesRefused, BodiesBuffered, Jobs,
        DeviceFallback, ProcessResident,
    ];

    public static string Markdown()
    {
        var rows = All.Select(metric =>
            $"| `{metric.ScrapedName}` | {Kind(metric)} | {Unit(metric)} | {Labels(metric)} | {metric.Help} |");
        return string.Join('\n', ["| metric | kind | unit | labels | measures |", "|---|---|---|---|---|", .. rows]);
    }

    private static string Kind(MetricRow metric) => metric.Kind.ToString().ToLowerInvariant();

    private static string Unit(MetricRow metric) => metric.Unit switch
    {
        "s" => "seconds",
        "By" => "bytes",
        "{body}" => "bodies",
        var other => other.Trim('{', '}') is { Length: > 0 } noun ? $"{noun}s" : "",
    };

    private static string Labels(MetricRow metric) => string.Join(", ", metric.Labels.Select(label => $"`{label.Replace('.', '_')}`"));
}
