using System.Text.RegularExpressions;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Progress;

namespace Fovea.Training.Tests.Progress;

public class TerminalProgressTests
{
    private static readonly RunStarted Started = new("lenet5", 60_000, 5_000, 10, 1_718, 32, 0.004, 1, 0);

    [Theory]
    [InlineData(80)]
    [InlineData(120)]
    public void A_whole_run_leaves_no_residue_of_the_bar_and_wraps_no_line(int width)
    {
        var (terminal, screen) = (new StringWriter { NewLine = "\n" }, new Screen(width));
        var progress = new TerminalProgress(terminal, () => width, new SteppingTime());
        string[] first = ["lenet5: 60000 training images, 5000 validation images", "10 epochs of 1718 steps of 32 images"];
        Assert.Equal([.. first, ""], After(Started));
        Assert.StartsWith("features [###", After(new FeaturesDone(1_000, 2_000, 9_999, 1))[^1], StringComparison.Ordinal);
        Assert.StartsWith("epoch 10/10 [###", After(new StepDone(10, 1_718, 12.3456, 1, 0.001, 123_456, 360_000))[^1]);
        string[] epoch = [.. first, "epoch 1: loss 0.5000, accuracy 90.00 %; validation 0.4000, 91.00 % (best)"];
        Assert.Equal([.. epoch, ""], After(new EpochDone(1, 0.001, 0.5, 0.9, 0.4, 0.91, true, 0.1)));
        var bar = After(new StepDone(2, 1, 0.1, 0.9, 0.001, 1, 1))[^1];
        Assert.StartsWith("epoch 2/10 [-", bar, StringComparison.Ordinal);
        Assert.EndsWith("00:00:01 left", bar, StringComparison.Ordinal);
        string[] closing =
        [
            "m.onnx: weights of epoch 1, validation accuracy 91.00 %", "report: m.html; 60.0 s, 10.00 % of them waiting for data",
        ];
        Assert.Equal([.. epoch, .. closing, ""], After(new RunFinished("m.onnx", 1, 0.4, 0.91, 60, 0.1)));
        Assert.StartsWith("epoch 3/10 [-", After(new StepDone(3, 1, 0.1, 0.9, 0.001, 1, 1))[^1], StringComparison.Ordinal);

        // The terminal echoes Ctrl-C where the cursor is.
        screen.Write("^C");
        string[] stopped = ["stopped in epoch 3 after step 1", "the same command with --resume continues from m.onnx.checkpoint"];
        Assert.Equal([.. epoch, .. closing, .. stopped, ""], After(new RunStopped("m.onnx.checkpoint", 3, 1)));
        progress.Clear();
        Assert.Equal(0, screen.Wraps);

        string[] After(TrainingEvent e)
        {
            progress.Show(e);
            screen.Write(terminal.ToString());
            terminal.GetStringBuilder().Clear();
            return screen.Lines;
        }
    }

    [Theory]
    [InlineData(20)]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(300)]
    public void The_bar_leaves_the_last_column_empty_also_when_the_window_shrinks(int width)
    {
        var terminal = new StringWriter();
        int now = 400;
        var progress = new TerminalProgress(terminal, () => now, new SteppingTime());
        progress.Show(new RunStarted("x", 1, 1, 10, 1_718, 1, 1, 1, 0));
        progress.Show(new StepDone(10, 1_718, 12.3456, 1, 0.001, 123_456, 360_000));
        now = width;
        terminal.GetStringBuilder().Clear();
        progress.Show(new StepDone(1, 1, 0.1, 0, 0.001, 1, 1));
        progress.Clear();
        Assert.All(terminal.ToString().Split('\r'), piece => Assert.InRange(piece.Length, 0, width - 1));
        Assert.EndsWith("\r", terminal.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(79, "epoch 1/10 [#", "00:01:25 left")]
    [InlineData(119, "epoch 1/10 [#", "525 images/s, 00:01:25 left")]
    [InlineData(30, "epoch 1/10 [#", "")]
    public void The_line_fits_the_width_and_keeps_the_time_left(int length, string start, string end)
    {
        var step = new StepDone(1, 1_001, 1.7961, 0.3886, 0.001, 525, 85);
        var line = TerminalProgress.Line("epoch 1/10", 1_001, 1_718, ProgressLine.Figures(step), ProgressLine.ShortFigures(step), length);
        Assert.True(line.Length <= length);
        Assert.StartsWith(start, line, StringComparison.Ordinal);
        Assert.EndsWith(end, line, StringComparison.Ordinal);
    }

    [Fact]
    public void The_time_left_counts_hours_beyond_a_day() =>
        Assert.EndsWith("100:00:01 left", ProgressLine.Figures(new StepDone(1, 1, 1, 1, 1, 1, 360_001)), StringComparison.Ordinal);

    [Fact]
    public void The_bar_is_full_at_the_end()
    {
        var line = TerminalProgress.Line("features", 7, 7, "1 images/s", "", 60);
        Assert.Matches(new Regex(@"^features \[#+\] 7/7 1 images/s$"), line);
    }

    // Each timestamp is a second after the one before, so that every step is drawn.
    private sealed class SteppingTime : TimeProvider
    {
        private long now;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => ++now;
    }
}
