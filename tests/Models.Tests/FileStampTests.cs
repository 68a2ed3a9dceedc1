using Fovea.Models.Files;

namespace Fovea.Models.Tests;

public sealed class FileStampTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void Stamp_changes_only_with_the_file()
    {
        File.WriteAllText(folder["a"], "one");
        var before = FileStamp.Of(folder["a"]);
        Assert.Equal(3, before!.Value.Length);
        Assert.Equal(before, FileStamp.Of(folder["a"]));

        // Replaces the file by another one with the same size and time, and then writes the same file in place and resets its time.
        File.WriteAllText(folder["b"], "two");
        File.SetLastWriteTimeUtc(folder["b"], File.GetLastWriteTimeUtc(folder["a"]));
        File.Move(folder["b"], folder["a"], overwrite: true);
        var moved = FileStamp.Of(folder["a"]);
        Assert.NotEqual(before, moved);
        Thread.Sleep(20);
        var time = File.GetLastWriteTimeUtc(folder["a"]);
        using (var file = new FileStream(folder["a"], FileMode.Open))
        {
            file.Write("six"u8);
        }

        File.SetLastWriteTimeUtc(folder["a"], time);
        Assert.NotEqual(moved, FileStamp.Of(folder["a"]));
    }

    [Fact]
    public void Only_files_have_a_stamp_and_a_link_has_the_stamp_of_its_file()
    {
        File.WriteAllText(folder["a"], "one");
        File.CreateSymbolicLink(folder["link"], folder["a"]);
        Assert.Equal(FileStamp.Of(folder["a"]), FileStamp.Of(folder["link"]));
        Assert.Null(FileStamp.Of(folder["none"]));
        Assert.Null(FileStamp.Of(folder.Path));
    }

    public void Dispose() => folder.Dispose();
}
