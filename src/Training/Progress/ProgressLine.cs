using System.Globalization;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Reports;

namespace Fovea.Training.Progress;

/// <summary>Formats a training event as a line of text for logs and terminals.</summary>
internal static class ProgressLine
{
    /// <summary>Returns the line of an event; null for events that are only published as JSON.</summary>
    public static string? Of(TrainingEvent e) => e switch
    {
        FileRefused f => $"left out: {f.File}: {f.Reason}",
        LeaksFound l => Leaks(l),
        CheckpointFailed f => $"warning: {f.Message} The previous checkpoint is intact, and training continues.",
        RecipeChosen c => Text($"recipe for {c.Images}: augmentation {c.Augmentation}; {c.Schedule} schedule after a warm-up of ")
            + Text($"{c.WarmUp * 100:0.##} % of the steps; label smoothing {c.LabelSmoothing}"),
        RunStarted r => Text($"{r.Model}: {r.Images} training images, {r.ValidationImages} validation images\n")
            + Text($"{r.Epochs} epochs of {r.StepsPerEpoch} steps of {r.BatchSize} images") + Resumed(r),
        StepDone s => Text($"epoch {s.Epoch} step {s.Step}: {Figures(s)}"),
        EpochDone d => Text($"epoch {d.Epoch}: loss {d.Loss:F4}, accuracy {Percent(d.Accuracy)}; ")
            + Text($"validation {d.ValidationLoss:F4}, {Percent(d.ValidationAccuracy)}{(d.Best ? " (best)" : "")}"),
        RunStopped s => Text($"stopped in epoch {s.Epoch} after step {s.Step}\n")
            + $"the same command with --resume continues from {s.Checkpoint}",
        RunFinished f => Finished(f),
        HeadFound h => h.Description,
        MethodChosen m => $"method {m.Method}: {m.Reason}",
        OptionsUnused o => $"{string.Join(", ", o.Options)}: no effect, because the method head trains only a new head, and not in steps",
        StatisticsFrozen { Layers: 1 } => "batch normalisation: 1 layer keeps the file's running statistics",
        StatisticsFrozen s => Text($"batch normalisation: {s.Layers} layers keep the file's running statistics"),
        NotRewritten n => $"the network runs unchanged, because rewriting it failed: {n.Reason}",
        FeaturesDone f => Text($"features of {f.Images} of {f.AllImages} images, {f.ImagesPerSecond:F0} images/s"),
        HeadTrained h => Text($"head: validation loss {h.ValidationLoss:F4}, accuracy {Percent(h.ValidationAccuracy)}"),
        PenaltyTried p => Text($"penalty {p.Penalty}: loss {p.Loss:F4}, accuracy {Percent(p.Accuracy)} in cross-validation")
            + (p.Chosen ? " (best)" : ""),
        TrialPlanned { Method: null } t => t.Reason,
        TrialPlanned t => $"trying {t.Method}: {t.Reason}",
        MethodsCompared c => Compared(c),
        CalibrationFitted c => Text($"temperature {c.Temperature:F2} by {c.Source}: calibration error {Percent(c.ErrorBefore)} -> ")
            + Percent(c.ErrorAfter)
            + (c.OutlierThreshold is { } limit ? Text($"; outliers have an energy above {limit:F2}") : ""),
        BaseDownload d => d.Message,
        ModelPublished p => Text($"published: {p.Model} version {p.NewVersion}, {p.Path}")
            + (p.Serves ? "" : $"; the file {Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(p.Path))!, "default")} names the "
                + "version that serves"),
        _ => null,
    };

    /// <summary>Returns the metrics of a step, the speed and the time left.</summary>
    public static string Figures(StepDone s) =>
        Text($"loss {s.Loss:F4}, accuracy {Percent(s.Accuracy)}, {s.ImagesPerSecond:F0} images/s, {TimeLeft(s)}");

    /// <summary>Returns the metrics of a step and the time left, without the speed.</summary>
    public static string ShortFigures(StepDone s) => Text($"loss {s.Loss:F4}, accuracy {Percent(s.Accuracy)}, {TimeLeft(s)}");

    // A run can take days, so the hours count on beyond 24.
    private static string TimeLeft(StepDone s)
    {
        var left = TimeSpan.FromSeconds(s.SecondsLeft);
        return Text($"{(int)left.TotalHours:00}:{left:mm\\:ss} left");
    }

    private static string Leaks(LeaksFound l)
    {
        const int Named = 5;
        var files = string.Join(", ", l.Files.Take(Named)) + (l.Images > Named ? ", ..." : "");
        return l.Images == 1
            ? $"leak: 1 training image is a copy of a validation image, and is left out of training: {files}"
            : Text($"leaks: {l.Images} training images are copies of validation images, and are left out of training: ") + files;
    }

    private static string Finished(RunFinished f)
    {
        var weights = f.BestEpoch > 0 ? Text($"weights of epoch {f.BestEpoch}, ") : "";
        return Text($"{f.Output}: {weights}validation accuracy {Percent(f.ValidationAccuracy)}\n")
            + Text($"report: {Report.PageOf(f.Output)}; {f.Seconds:F1} s, {Percent(f.WaitingShare)} of them waiting for data");
    }

    private static string Compared(MethodsCompared c)
    {
        double points = (c.Accuracy - c.OtherAccuracy) * 100;
        return Text($"{c.Winner} wins: validation accuracy {Percent(c.Accuracy)}, {Math.Abs(points):F2} points ")
            + Text($"{(points < 0 ? "below" : "above")} {c.Other}; loss {c.Loss:F4} instead of {c.OtherLoss:F4}; {c.Reason}");
    }

    private static string Resumed(RunStarted r) =>
        r.ResumedEpoch > 1 || r.ResumedStep > 0 ? Text($"; resumed in epoch {r.ResumedEpoch} after step {r.ResumedStep}") : "";

    private static string Percent(double share) => Text($"{share * 100:F2} %");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
