namespace Fovea.Api.Tests.FineTuning;

/// <summary>Takes a folder away, as when its disk is gone, until this object is disposed of.</summary>
internal sealed class MissingFolder : IDisposable
{
    private readonly string folder;

    public MissingFolder(string folder)
    {
        this.folder = folder;
        Directory.Move(folder, Away);
    }

    private string Away => $"{folder}.away";

    /// <summary>Puts the folder back. Fails if another one was made in its place.</summary>
    public void Dispose() => Directory.Move(Away, folder);
}
