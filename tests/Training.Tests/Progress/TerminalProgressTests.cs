using System.Text.RegularExpressions;

namespace Fovea.Training.Tests;

public class TerminalProgressTests
{
    private static readonly RunStarted Started = new("lenet5", 60_000, 5_000, 10, 1_718, 32, 0.004, 1, 0);

    [Theory]
    [InlineData(20)]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(120)]
    [InlineData(300)]
    public void The_bar_leaves_the_last_column_empty_and_no_residue(int width)
    {
        var terminal = new StringWriter();
        var progress = new TerminalProgress(terminal, () => width, new SteppingTime());
        progress.Show(Started);
        progress.Show(new StepDone(10, 1_718, 12.3456, 1, 0.001, 123_456, 360_000));
        progress.Show(new StepDone(1, 1, 0.1, 0, 0.001, 1, 1));
        progress.Show(new EpochDone(1, 0.001, 0.5, 0.9, 0.4, 0.91, true, 0.1));
        progress.Show(new StepDone(2, 1, 0.1, 0.9, 0.001, 1, 1));
        progress.Clear();

        // Each piece between carriage returns and line feeds overwrites the line from its first column.
        var lines = terminal.ToString().Split('\n');
        foreach (var pieces in lines.Select(line => line.Split('\r')))
        {
            Assert.All(pieces.SkipLast(1), piece => Assert.True(piece.Length < width, $"{piece.Length} characters"));
            int covered = pieces.SkipLast(1).Select(piece => piece.TrimEnd().Length).DefaultIfEmpty().Max();
            Assert.True(pieces.Length == 1 || pieces[^2].Length >= pieces.Reverse().Skip(2).Select(p => p.TrimEnd().Length).FirstOrDefault());
            Assert.True(covered < width);
        }

        Assert.EndsWith("\r", terminal.ToString(), StringComparison.Ordinal);
        Assert.Contains(lines, line => line.Split('\r')[^1].StartsWith("epoch 1: loss 0.5000", StringComparison.Ordinal));
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
