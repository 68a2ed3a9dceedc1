using System.Text;
using System.Text.Json;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>The report that lies beside a trained file: FILE.html for people, FILE.report.json with the same content for programs.</summary>
internal static class Report
{
    /// <summary>Where the page of a model file lies.</summary>
    public static string PageOf(string modelFile) => Path.ChangeExtension(modelFile, ".html");

    /// <summary>Where the report of a model file lies as JSON. FILE.json itself is what may stand in for the file's metadata.</summary>
    public static string JsonOf(string modelFile) => Path.ChangeExtension(modelFile, ".report.json");

    /// <summary>Evaluates a file that was just trained, as it will be served, and writes its report.</summary>
    /// <param name="modelFile">The .onnx file, with its metadata inside.</param>
    /// <param name="validation">Images that it was not trained on, ready as its input.</param>
    /// <param name="run">How it was trained.</param>
    /// <param name="stop">Stops the evaluation; nothing is written then.</param>
    /// <exception cref="FoveaException">A file cannot be read or written.</exception>
    public static TrainingReport Write(string modelFile, Dataset validation, RunRecord run, CancellationToken stop)
    {
        using var model = Classifier.Load(modelFile);
        var evaluation = Evaluation.Of(model.Run, validation, model.Classes, stop: stop);
        var report = TrainingReport.Of(evaluation, validation, model.Labels, run, Provenance.Of(modelFile, model.Metadata, run));
        AtomicFile.Write(JsonOf(modelFile), stream => JsonSerializer.Serialize(stream, report, TrainingReportJson.Default.TrainingReport));
        AtomicFile.Write(PageOf(modelFile), stream => stream.Write(Encoding.UTF8.GetBytes(Page.Of(report))));
        return report;
    }
}
