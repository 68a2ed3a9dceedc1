using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Fovea.Models.Errors;
using Fovea.Models.Explanations;
using Fovea.Models.Files;
using Fovea.Models.Runtime;
using Fovea.Training.DataQuality;
using Fovea.Training.Datasets;
using Fovea.Training.Evaluations;

namespace Fovea.Training.Reports;

/// <summary>
/// Writes the report beside a trained file: FILE.html for people, and FILE.report.json with the same content for programs.
/// </summary>
internal static class Report
{
    // The largest number of pictures for each check of the data set. The command data check shows more.
    private const int MostPictures = 8;

    /// <summary>Returns the path of a model file's page.</summary>
    public static string PageOf(string modelFile) => Path.ChangeExtension(modelFile, ".html");

    /// <summary>
    /// Returns the path of a model file's report as JSON. It is not FILE.json, because that file, if it exists, holds labels and
    /// preprocessing for the model.
    /// </summary>
    public static string JsonOf(string modelFile) => Path.ChangeExtension(modelFile, ".report.json");

    /// <summary>Evaluates a trained file on images with one class or with several labels, and writes its report.</summary>
    /// <inheritdoc cref="Write"/>
    public static void WriteAny(string modelFile, Dataset validation, RunRecord run, CancellationToken stop)
    {
        if (validation.LabelSets is null)
        {
            Write(modelFile, validation, run, stop);
            return;
        }

        using var model = Classifier.Load(modelFile);
        var evaluation = MultiLabelEvaluation.Of(model.RunCalibrated, validation, model.Labels, stop);
        var report = new MultiLabelReport(
            validation.Count, evaluation, run.Epochs, run.Penalties ?? [], run.Fitted?.Fit, run.Fitted?.Thresholds ?? [],
            Provenance.Of(modelFile, model.Metadata, run))
        {
            Health = run.Check is { } check ? HealthCheck.Of(check.Images) : null,
        };
        AtomicFile.Write(JsonOf(modelFile), stream => JsonSerializer.Serialize(stream, report, MultiLabelJson.Default.MultiLabelReport));
        var page = ReportPage.Of(report, DataOf(run, report.Health));
        AtomicFile.Write(PageOf(modelFile), stream => stream.Write(Encoding.UTF8.GetBytes(page)));
    }

    /// <summary>Evaluates a trained file with the code that will serve it, and writes its report.</summary>
    /// <param name="modelFile">The path of the .onnx file, which contains its metadata.</param>
    /// <param name="validation">Images that the file was not trained on, preprocessed for it.</param>
    /// <param name="run">The run that trained the file.</param>
    /// <param name="stop">Cancels the evaluation; nothing is written then.</param>
    /// <exception cref="FoveaException">A file cannot be read or written.</exception>
    public static TrainingReport Write(string modelFile, Dataset validation, RunRecord run, CancellationToken stop)
    {
        using var model = Classifier.Load(modelFile);
        var evaluation = Evaluation.Of(model.RunCalibrated, validation, model.Classes, stop: stop);
        using var explainer = new Explainer(model);
        var folder = Path.GetDirectoryName(Path.GetFullPath(modelFile))!;
        var report = TrainingReport.Of(
            evaluation, validation, model.Labels, run, Provenance.Of(modelFile, model.Metadata, run), folder, explainer);
        AtomicFile.Write(JsonOf(modelFile), stream => JsonSerializer.Serialize(stream, report, TrainingReportJson.Default.TrainingReport));
        var page = ReportPage.Of(report, DataOf(run, report.Health));
        AtomicFile.Write(PageOf(modelFile), stream => stream.Write(Encoding.UTF8.GetBytes(page)));
        return report;
    }

    // Returns the sections about the images of the run.
    private static IReadOnlyList<XElement> DataOf(RunRecord run, DatasetHealth? health)
    {
        XElement?[] sections =
        [
            run.Check is { } check && health is not null
                ? new HealthSections(check.Images, health, MostPictures).Short()
                : HealthSections.NotChecked(),
            run.Preview is { } batch ? BatchPreview.Of(batch) : null,
        ];
        return [.. sections.OfType<XElement>()];
    }
}
