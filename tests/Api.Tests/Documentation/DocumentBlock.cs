namespace Fovea.Api.Tests.Documentation;

/// <summary>A block of code of a page.</summary>
/// <param name="Line">The line of its first command, from 1.</param>
/// <param name="Info">What follows the three backticks: the language, and perhaps a word about it.</param>
/// <param name="Text">The lines between the backticks.</param>
internal sealed record DocumentBlock(int Line, string Info, string Text)
{
    /// <summary>Whether a shell runs the block in the tests.</summary>
    public bool IsRun => Info is "sh" or "sh fails";

    /// <summary>Whether the block has commands that the tests cannot run: downloads, Docker, another shell.</summary>
    public bool IsNotRun => Info is "sh norun" or "powershell";
}
