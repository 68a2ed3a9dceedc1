namespace Fovea.Models.Tests;

public sealed class FileStampTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void Stamp_is_the_same_until_the_file_is_another_one()
    {
        File.WriteAllText(folder["a"], "one");
        var before = FileStamp.Of(folder["a"]);
        Assert.Equal(3, before!.Value.Length);
        Assert.Equal(before, FileStamp.Of(folder["a"]));

        // Another file of the same size and time in its place, and then the same file written in place with its time set back.
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
    public void Only_files_have_a_stamp_and_links_have_that_of_their_file()
    {
        File.WriteAllText(folder["a"], "one");
        File.CreateSymbolicLink(folder["link"], folder["a"]);
        Assert.Equal(FileStamp.Of(folder["a"]), FileStamp.Of(folder["link"]));
        Assert.Null(FileStamp.Of(folder["none"]));
        Assert.Null(FileStamp.Of(folder.Path));
    }

    public void Dispose() => folder.Dispose();
}
