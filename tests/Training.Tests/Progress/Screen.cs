namespace Fovea.Training.Tests.Progress;

/// <summary>Shows what a terminal of some width would show of a text with carriage returns and line feeds.</summary>
internal sealed class Screen(int width)
{
    private readonly List<char[]> lines = [Empty(width)];
    private int column;

    /// <summary>The number of times that a text went past the last column.</summary>
    public int Wraps { get; private set; }

    /// <summary>The lines without the spaces at their ends.</summary>
    public string[] Lines => [.. lines.Select(line => new string(line).TrimEnd())];

    public void Write(string text)
    {
        foreach (char c in text)
        {
            switch (c)
            {
                case '\r':
                    column = 0;
                    break;
                case '\n':
                    NextLine();
                    break;
                default:
                    if (column == width)
                    {
                        Wraps++;
                        NextLine();
                    }

                    lines[^1][column++] = c;
                    break;
            }
        }
    }

    private static char[] Empty(int width) => [.. Enumerable.Repeat(' ', width)];

    private void NextLine()
    {
        lines.Add(Empty(width));
        column = 0;
    }
}
