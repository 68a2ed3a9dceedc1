using System.Text;
using System.Text.Json;
using Fovea.Models.Errors;
using Fovea.Models.Explanations;
using Fovea.Models.Files;
using Fovea.Models.Runtime;
using Fovea.Training.Datasets;
using Fovea.Training.Evaluations;

namespace Fovea.Training.Reports;

/// <summary>
/// Writes the report beside a trained file: FILE.html for people, and FILE.report.json with the same content for programs.
/// </summary>
internal static class Report
{
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
            Provenance.Of(modelFile, model.Metadata, run));
        AtomicFile.Write(JsonOf(modelFile), stream => JsonSerializer.Serialize(stream, report, MultiLabelJson.Default.MultiLabelReport));
        AtomicFile.Write(PageOf(modelFile), stream => stream.Write(Encoding.UTF8.GetBytes(ReportPage.Of(report))));
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
        AtomicFile.Write(PageOf(modelFile), stream => stream.Write(Encoding.UTF8.GetBytes(ReportPage.Of(report))));
        return report;
    }
}
