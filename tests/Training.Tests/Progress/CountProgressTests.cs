using Fovea.Training.Progress;

namespace Fovea.Training.Tests.Progress;

public class CountProgressTests
{
    [Theory]
    [InlineData(30)]
    [InlineData(120)]
    public void Bar_on_a_terminal_leaves_the_last_column_empty_and_is_removed(int width)
    {
        var terminal = new StringWriter();
        var progress = new CountProgress(terminal, () => width, new SteppingTime(1), 400);
        progress.Show(80);
        progress.Show(400);
        progress.Clear();
        var pieces = terminal.ToString().Split('\r');
        Assert.All(pieces, piece => Assert.True(piece.Length < width, $"{piece.Length} characters"));
        Assert.StartsWith("images [", pieces[1], StringComparison.Ordinal);
        Assert.Contains("400/400", pieces[2], StringComparison.Ordinal);
        Assert.EndsWith("\r", terminal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Elsewhere_a_line_every_five_seconds_says_how_many_are_done()
    {
        var log = new StringWriter();
        var progress = new CountProgress(log, null, new SteppingTime(2), 10);
        for (int done = 1; done <= 5; done++)
        {
            progress.Show(done);
        }

        progress.Clear();
        Assert.NotEmpty(log.ToString());
        Assert.All(log.ToString().Trim().Split('\n'), line => Assert.Matches(@"^\d of 10 images, \d+ images/s\r?$", line));
    }

    // Each timestamp is some seconds after the one before.
    private sealed class SteppingTime(int seconds) : TimeProvider
    {
        private long now;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => now += seconds;
    }
}
