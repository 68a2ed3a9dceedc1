using System.Globalization;

namespace Fovea.Training.Progress;

/// <summary>Shows how many images are done: a bar on a terminal, or a line of text every five seconds elsewhere.</summary>
/// <param name="output">The stream to write to.</param>
/// <param name="width">Returns the terminal's width in characters; <c>null</c> if the stream is no terminal.</param>
/// <param name="time">The clock.</param>
/// <param name="total">The number of images.</param>
internal sealed class CountProgress(TextWriter output, Func<int>? width, TimeProvider time, int total)
{
    private static readonly TimeSpan BetweenFrames = TimeSpan.FromMilliseconds(100), BetweenLines = TimeSpan.FromSeconds(5);

    private readonly long start = time.GetTimestamp();
    private long last = time.GetTimestamp();
    private int drawn;

    /// <summary>Shows the number of images that are done. Calls soon after the last display are ignored.</summary>
    public void Show(int done)
    {
        if (time.GetElapsedTime(last) < (width is null ? BetweenLines : BetweenFrames))
        {
            return;
        }

        last = time.GetTimestamp();
        var speed = string.Create(CultureInfo.InvariantCulture, $"{done / time.GetElapsedTime(start).TotalSeconds:F0} images/s");
        if (width is null)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done} of {total} images, {speed}"));
            return;
        }

        var line = TerminalProgress.Line("images", done, total, speed, speed, width() - 1);
        output.Write($"\r{line}{new string(' ', Math.Max(0, drawn - line.Length))}");
        output.Flush();
        drawn = line.Length;
    }

    /// <summary>Removes the bar, so that a line can be printed.</summary>
    public void Clear()
    {
        if (drawn > 0)
        {
            output.Write($"\r{new string(' ', drawn)}\r");
            output.Flush();
            drawn = 0;
        }
    }
}
