using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Fovea.Training;

/// <summary>A training run on a terminal: the bar of the epoch under way with its figures, the lines of finished epochs above it.</summary>
internal static class TerminalProgress
{
    public static void Run(Action<Action<TrainingEvent>> work)
    {
        var figures = new FiguresColumn();
        AnsiConsole.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), figures)
            .Start(progress =>
            {
                var bar = progress.AddTask("epoch");
                RunStarted? run = null;
                work(e =>
                {
                    switch (e)
                    {
                        case RunStarted started:
                            run = started;
                            bar.MaxValue = started.StepsPerEpoch;
                            break;
                        case StepDone step:
                            bar.Description = string.Create(CultureInfo.InvariantCulture, $"epoch {step.Epoch}/{run!.Epochs} step {step.Step}/{run.StepsPerEpoch}");
                            bar.Value = step.Step;
                            figures.Text = ProgressLine.Figures(step);
                            return;
                        case FeaturesDone features:
                            (bar.Description, bar.MaxValue, bar.Value) = ("features", features.AllImages, features.Images);
                            figures.Text = ProgressLine.Of(features)!;
                            return;
                    }

                    if (ProgressLine.Of(e) is { } line)
                    {
                        AnsiConsole.WriteLine(line);
                    }
                });
            });
    }

    private sealed class FiguresColumn : ProgressColumn
    {
        public string Text { get; set; } = "";

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) => new Text(Text);
    }
}
