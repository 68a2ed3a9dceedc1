using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Graphs;
using Fovea.Models.Tests.Graphs;

namespace Fovea.Models.Tests;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Many_writers_of_one_file_leave_the_content_of_one_of_them()
    {
        Parallel.For(0, 50, i => AtomicFile.Write(folder["a"], stream => stream.Write(new byte[100 + i])));
        Assert.InRange(new FileInfo(folder["a"]).Length, 100, 149);
        Assert.Equal([folder["a"]], Directory.GetFileSystemEntries(folder[""]));
    }

    [Theory]
    [InlineData(false, UnixFileMode.GroupRead | UnixFileMode.OtherRead)]
    [InlineData(true, UnixFileMode.None)]
    public void Only_the_owner_can_read_a_private_file_even_if_it_replaces_a_public_one(bool isPrivate, UnixFileMode others)
    {
        File.WriteAllText(folder["a"], "world-readable");
        AtomicFile.Write(folder["a"], stream => stream.Write("b"u8), isPrivate);
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Assert.Equal(others, File.GetUnixFileMode(folder["a"]) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead));
    }

    [Fact]
    public void Failure_during_writing_leaves_only_the_old_file()
    {
        File.WriteAllText(folder["a"], "old");

        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(folder["a"], stream =>
        {
            stream.Write(new byte[1 << 21]);
            throw new InvalidOperationException();
        }));
        Assert.Equal(
            ErrorCode.CannotWrite,
            Assert.Throws<FoveaException>(() => AtomicFile.Write(folder["a"], _ => throw new IOException("No space left."))).Code);
        Assert.Equal("old", File.ReadAllText(folder["a"]));
        Assert.Equal([folder["a"]], Directory.GetFileSystemEntries(folder[""]));
    }

    [Fact]
    public void Network_whose_weights_cannot_be_drawn_leaves_the_old_file()
    {
        File.WriteAllText(folder["a"], "old");
        var graph = new Graph("broken");
        graph.Initializer("first", Tensor.Drawn(new Shape(1 << 20), _ => { }));
        graph.Initializer("second", Tensor.Drawn(new Shape(2), _ => throw new InvalidOperationException()));

        Assert.Throws<InvalidOperationException>(() => OnnxFile.Write(graph, folder["a"]));
        Assert.Equal("old", File.ReadAllText(folder["a"]));
        Assert.Single(Directory.GetFileSystemEntries(folder[""]));
    }

    [Fact]
    public void Old_file_is_replaced_and_missing_folders_are_made()
    {
        foreach (var text in (string[])["older, and longer", "newer"])
        {
            AtomicFile.Write(folder["deep/down/a"], stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));
        }

        Assert.Equal("newer", File.ReadAllText(folder["deep/down/a"]));
        Assert.Single(Directory.GetFileSystemEntries(folder["deep/down"]));
    }

    [Fact]
    public void Paths_that_cannot_be_written_to_are_named()
    {
        File.WriteAllText(folder["file"], "");
        Directory.CreateDirectory(folder["folder"]);
        foreach (
            var path in (string[])[
                folder["file/a"], folder["file/b/a"], folder["folder"], folder["folder/"], "", "a\0b", "/", folder[new string('a', 300)]])
        {
            foreach (
                var write in (Action<string>[])[
                    AtomicFile.EnsureWritable, p => AtomicFile.Write(p, _ => { }), p => OnnxFile.Write(OnnxFileTests.Small(), p)])
            {
                var error = Assert.Throws<FoveaException>(() => write(path));
                Assert.Equal(ErrorCode.CannotWrite, error.Code);
                Assert.Contains(path, error.Message, StringComparison.Ordinal);
            }
        }

        Assert.Equal(2, Directory.GetFileSystemEntries(folder[""]).Length);
    }

    [Fact]
    public void Asking_whether_a_path_can_be_written_to_changes_nothing()
    {
        File.WriteAllText(folder["a"], "old");
        AtomicFile.EnsureWritable(folder["a"]);
        AtomicFile.EnsureWritable(folder["b"]);

        Assert.Equal("old", File.ReadAllText(folder["a"]));
        Assert.Single(Directory.GetFileSystemEntries(folder[""]));
    }
}
