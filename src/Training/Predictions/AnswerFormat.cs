using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Models.Runtime;

namespace Fovea.Training.Predictions;

/// <summary>A format in which answers to images are written, one line for each image.</summary>
internal sealed class AnswerFormat
{
    private static readonly AnswerLineJson Json = new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        // The output is never part of a web page, so labels need no escapes for HTML.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    });

    private readonly Func<Classifier, int, string?> header;
    private readonly Func<Classifier, int, ClassifiedImage, string?> line;

    private AnswerFormat(string name, Func<Classifier, int, string?> header, Func<Classifier, int, ClassifiedImage, string?> line) =>
        (Name, this.header, this.line) = (name, header, line);

    /// <summary>All formats, the default first.</summary>
    public static IReadOnlyList<AnswerFormat> All { get; } =
    [
        new("text", (_, _) => null, Text),
        new("csv", CsvHeader, Csv),
        new("jsonl", (_, _) => null, JsonLine),
    ];

    /// <summary>The name, as on the command line.</summary>
    public string Name { get; }

    /// <summary>The first line; <c>null</c> if there is none.</summary>
    /// <param name="model">The model.</param>
    /// <param name="top">The number of classes for each image.</param>
    public string? Header(Classifier model, int top) => header(model, top);

    /// <summary>
    /// Returns the line of an image; <c>null</c> if the image has none. In the format text, an image with an error has none, because errors
    /// go to standard error only.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="top">The number of classes for each image.</param>
    /// <param name="image">The answer.</param>
    public string? Line(Classifier model, int top, ClassifiedImage image) => line(model, top, image);

    private static string? Text(Classifier model, int top, ClassifiedImage image)
    {
        var classes = image.Predictions.Select(p =>
            string.Create(CultureInfo.InvariantCulture, $"{p.Label.ReplaceLineEndings(" ")} {p.Probability * 100:F1} %"));
        return image.Error is not null ? null
            : $"{image.File}: {(image.Predictions.Count == 0 ? "no label is likely" : string.Join(", ", classes))}"
                + (image.Outlier is { Is: true } ? " (outlier: resembles none of the classes)" : "")
                + (model.Trained ? "" : " (untrained model)");
    }

    // For models of one class, label and probability have a column each. For models of several labels, a column lists the labels, as in
    // labels.csv, and another one the probabilities.
    private static string CsvHeader(Classifier model, int top) => CsvText.Row(model.IsMultiLabel
        ? ["file", "labels", "probabilities", "error"]
        : ["file", .. Ranks(model, top).SelectMany(rank => Names(rank)), .. OutlierColumn(model, "outlier"), "error"]);

    private static string Csv(Classifier model, int top, ClassifiedImage image) => CsvText.Row(model.IsMultiLabel
        ?
        [
            image.File,
            string.Join(';', image.Predictions.Select(p => p.Label)),
            string.Join(';', image.Predictions.Select(p => Number(p.Probability))),
            image.Error ?? "",
        ]
        :
        [
            image.File,
            .. Ranks(model, top).SelectMany(rank => Values(image.Predictions.ElementAtOrDefault(rank - 1))),
            .. OutlierColumn(model, image.Outlier is { } outlier ? outlier.Is ? "yes" : "no" : ""),
            image.Error ?? "",
        ]);

    private static string[] OutlierColumn(Classifier model, string text) => model.Calibration.Outlier is null ? [] : [text];

    private static IEnumerable<int> Ranks(Classifier model, int top) => Enumerable.Range(1, Math.Min(top, model.Classes));

    private static string[] Names(int rank) =>
        rank == 1 ? ["label", "probability"]
            : [FormattableString.Invariant($"label{rank}"), FormattableString.Invariant($"probability{rank}")];

    private static string[] Values(Prediction? prediction) =>
        prediction is null ? ["", ""] : [prediction.Label, Number(prediction.Probability)];

    private static string Number(double probability) => probability.ToString("0.######", CultureInfo.InvariantCulture);

    private static string JsonLine(Classifier model, int top, ClassifiedImage image) => JsonSerializer.Serialize(
        image.Error is null
            ? new AnswerLine(image.File, model.Trained, image.Predictions, model.IsMultiLabel ? true : null, image.Outlier, null)
            : new AnswerLine(image.File, null, null, null, null, image.Error),
        Json.AnswerLine);
}

/// <summary>A line of JSON: an answer as the service gives it, or an error.</summary>
internal sealed record AnswerLine(
    string File, bool? Trained, IReadOnlyList<Prediction>? Predictions, bool? MultiLabel, OutlierScore? Outlier, string? Error);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(AnswerLine))]
internal sealed partial class AnswerLineJson : JsonSerializerContext;
