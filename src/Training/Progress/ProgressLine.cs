using System.Globalization;

namespace Fovea.Training;

/// <summary>A training event as a line of text, as logs and pipes want it; null for events that need none.</summary>
internal static class ProgressLine
{
    public static string? Of(TrainingEvent e) => e switch
    {
        FileRefused f => $"left out: {f.File}: {f.Reason}",
        CheckpointFailed f => $"warning: {f.Message} The checkpoint before it is as it was; training goes on.",
        RunStarted r => Text($"{r.Model}: {r.Images} images, {r.ValidationImages} more to validate; {r.Epochs} epochs of {r.StepsPerEpoch} steps of {r.BatchSize}") + Resumed(r),
        StepDone s => Text($"epoch {s.Epoch} step {s.Step}: {Figures(s)}"),
        EpochDone d => Text($"epoch {d.Epoch}: loss {d.Loss:F4}, accuracy {Percent(d.Accuracy)}; validation loss {d.ValidationLoss:F4}, accuracy {Percent(d.ValidationAccuracy)}{(d.Best ? " (best)" : "")}"),
        RunStopped s => Text($"stopped in epoch {s.Epoch} after step {s.Step}; the same command with --resume goes on from {s.Checkpoint}"),
        RunFinished f => Text($"{f.Output}: {(f.BestEpoch > 0 ? $"the weights of epoch {f.BestEpoch}, " : "")}validation accuracy {Percent(f.ValidationAccuracy)}, in {f.Seconds:F1} s, {Percent(f.WaitingShare)} of it waiting for data; report in {Report.PageOf(f.Output)}"),
        HeadFound h => h.Description,
        MethodChosen m => $"method {m.Method}: {m.Reason}",
        FeaturesDone f => Text($"features of {f.Images} of {f.AllImages} images, {f.ImagesPerSecond:F0} images/s"),
        HeadTrained h => Text($"head: validation loss {h.ValidationLoss:F4}, accuracy {Percent(h.ValidationAccuracy)}"),
        _ => null,
    };

    /// <summary>The figures of a step, as they change in place on a terminal.</summary>
    public static string Figures(StepDone s) =>
        Text($"loss {s.Loss:F4}, accuracy {Percent(s.Accuracy)}, {s.ImagesPerSecond:F0} images/s, {TimeSpan.FromSeconds(s.SecondsLeft):hh\\:mm\\:ss} left");

    private static string Resumed(RunStarted r) => r.ResumedEpoch > 1 || r.ResumedStep > 0 ? Text($"; resumed in epoch {r.ResumedEpoch} after step {r.ResumedStep}") : "";

    private static string Percent(double share) => Text($"{share * 100:F2} %");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
