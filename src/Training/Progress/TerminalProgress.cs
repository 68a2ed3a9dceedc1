using System.Globalization;
using System.Text;
using Fovea.Models.TrainingEvents;

namespace Fovea.Training.Progress;

/// <summary>
/// Shows a training run on a terminal: lines of text for finished epochs, and below them one line with a bar for the current epoch. The
/// bar's line is always shorter than the terminal is wide, so that it never wraps, and is overwritten with spaces before another line is
/// printed.
/// </summary>
/// <param name="output">The terminal.</param>
/// <param name="width">Returns the terminal's current width in characters.</param>
/// <param name="time">The clock that limits how often the bar is drawn.</param>
internal sealed class TerminalProgress(TextWriter output, Func<int> width, TimeProvider time)
{
    private const int MinimumBarLength = 5, MaximumBarLength = 40;

    private static readonly TimeSpan BetweenFrames = TimeSpan.FromMilliseconds(100);

    private RunStarted? run;
    private long lastFrame;
    private int drawnLength;

    // The number of characters that fit into the line. The last column stays empty, because some terminals wrap when it is written. The
    // width is read each time, because the user may have changed the window's size.
    private int Room => Math.Max(0, width() - 1);

    /// <summary>Shows an event: moves the bar for progress within an epoch, and prints a line for other events.</summary>
    public void Show(TrainingEvent e)
    {
        switch (e)
        {
            case StepDone step:
                var (figures, shortFigures) = (ProgressLine.Figures(step), ProgressLine.ShortFigures(step));
                Draw($"epoch {step.Epoch}/{run!.Epochs}", step.Step, run.StepsPerEpoch, figures, shortFigures);
                return;
            case FeaturesDone features:
                string speed = string.Create(CultureInfo.InvariantCulture, $"{features.ImagesPerSecond:F0} images/s");
                Draw("features", features.Images, features.AllImages, speed, speed);
                return;
            case RunStarted started:
                run = started;
                break;
        }

        if (ProgressLine.Of(e) is { } line)
        {
            Clear();
            output.WriteLine(line);
        }
    }

    /// <summary>Removes the bar, so that the shell's prompt or an error starts at the beginning of an empty line.</summary>
    public void Clear()
    {
        if (drawnLength > 0)
        {
            output.Write($"\r{new string(' ', Math.Min(drawnLength, Room))}\r");
            output.Flush();
            drawnLength = 0;
        }
    }

    /// <summary>
    /// Returns the line of the bar: title, bar, counts and figures. If the line is too long, the bar shrinks first, then the short figures
    /// replace the figures, and then the end of the line is cut off.
    /// </summary>
    /// <param name="title">The name of the current phase.</param>
    /// <param name="done">The completed units, 0 to <paramref name="total"/>.</param>
    /// <param name="total">The number of units, at least 1.</param>
    /// <param name="figures">Text for the end of the line.</param>
    /// <param name="shortFigures">Text for the end of a short line.</param>
    /// <param name="length">The largest length of the line, in characters.</param>
    public static string Line(string title, int done, int total, string figures, string shortFigures, int length)
    {
        var count = string.Create(CultureInfo.InvariantCulture, $"{done}/{total}");
        int Room(string text) => length - title.Length - count.Length - text.Length - 5;
        figures = Room(figures) < MinimumBarLength ? shortFigures : figures;
        int bar = Math.Clamp(Room(figures), MinimumBarLength, MaximumBarLength), filled = (int)((long)bar * done / total);
        var line = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"{title} [").Append('#', filled).Append('-', bar - filled)
            .Append(CultureInfo.InvariantCulture, $"] {count} {figures}");
        return line.ToString(0, Math.Clamp(length, 0, line.Length));
    }

    private void Draw(string title, int done, int total, string figures, string shortFigures)
    {
        if (drawnLength > 0 && time.GetElapsedTime(lastFrame) < BetweenFrames)
        {
            return;
        }

        lastFrame = time.GetTimestamp();

        int room = Room;
        var line = Line(title, done, total, figures, shortFigures, room);

        // The cursor goes back to the first column, so that the terminal's echo of Ctrl-C does not make the line longer.
        output.Write($"\r{line.PadRight(Math.Min(drawnLength, room))}\r");
        output.Flush();
        drawnLength = line.Length;
    }
}
