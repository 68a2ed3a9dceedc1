using System.Text.Json.Serialization;
using Fovea.Api.DatasetRepository;

namespace Fovea.Api.OpenAIProtocol;

/// <summary>A file in the form of OpenAI's API: a data set, or the report of a job.</summary>
/// <param name="Id">The id of the data set; or report- and the id of the job.</param>
/// <param name="Object">Always file.</param>
/// <param name="Bytes">The size of the images, or of the report, in bytes; null: an older release received the images.</param>
/// <param name="CreatedAt">The time at which the file was made, in seconds since 1970.</param>
/// <param name="Filename">The name of the data set, or its id, with .zip; or report.json.</param>
/// <param name="Purpose">fine-tune for a data set, fine-tune-results for a report.</param>
/// <param name="Status">Always processed, because an upload that cannot be used is refused and makes no file.</param>
internal sealed record OpenAIFile(
    string Id,
    string Object,
    long? Bytes,
    [property: JsonPropertyName("created_at")] long CreatedAt,
    string Filename,
    string Purpose,
    string Status)
{
    /// <summary>The purpose of the files that are uploaded.</summary>
    public const string FineTune = "fine-tune";

    /// <summary>The purpose of reports.</summary>
    public const string Results = "fine-tune-results";

    /// <summary>The ending of a data set's file name.</summary>
    public const string Zip = ".zip";

    private const string Report = "report-", File = "file", Processed = "processed";

    /// <summary>Describes a data set as a file.</summary>
    public static OpenAIFile Of(UploadedDataset dataset) =>
        new(dataset.Id, File, dataset.Bytes, dataset.CreatedAt, dataset.Title + Zip, FineTune, Processed);

    /// <summary>Describes the report of a job as a file.</summary>
    /// <param name="job">The id of the job.</param>
    /// <param name="report">The report.</param>
    public static OpenAIFile Of(string job, FileInfo report) => new(
        IdOfReport(job),
        File,
        report.Length,
        new DateTimeOffset(report.LastWriteTimeUtc, TimeSpan.Zero).ToUnixTimeSeconds(),
        "report.json",
        Results,
        Processed);

    public static string IdOfReport(string job) => Report + job;

    /// <summary>The job whose report has this id; null: the id is not that of a report.</summary>
    public static string? JobOf(string id) => id.StartsWith(Report, StringComparison.Ordinal) ? id[Report.Length..] : null;
}
