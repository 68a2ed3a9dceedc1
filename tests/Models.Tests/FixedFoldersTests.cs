using System.Diagnostics;
using Fovea.Models.Errors;
using Fovea.Models.Files;

namespace Fovea.Models.Tests;

public sealed class FixedFoldersTests
{
    [Fact]
    public void Missing_fixed_folder_is_not_made_again_and_files_in_it_are_refused()
    {
        using var root = new TemporaryFolder();
        var disk = root["disk"];
        Directory.CreateDirectory(disk);
        FixedFolders.Add($"{disk}/");
        var file = Path.Combine(disk, "models", "1", "model.onnx");
        AtomicFile.Write(file, stream => stream.WriteByte(1));
        Assert.Null(FixedFolders.MissingAbove(file));
        Assert.Equal(0, FixedFolders.LastMiss(disk));

        Directory.Move(disk, root["away"]);
        long before = Stopwatch.GetTimestamp();
        Assert.Equal(disk, FixedFolders.MissingAbove(file));
        Assert.InRange(FixedFolders.LastMiss(disk), before, Stopwatch.GetTimestamp());
        Assert.Equal(disk, FixedFolders.MissingAbove(disk));
        Assert.Null(FixedFolders.MissingAbove(root["elsewhere/file"]));
        var e = Assert.Throws<FoveaException>(() => AtomicFile.Write(file, stream => stream.WriteByte(2)));
        Assert.Equal(ErrorCode.CannotWrite, e.Code);
        Assert.Contains("The folder disk is missing; perhaps its disk is gone", e.Message, StringComparison.Ordinal);
        Assert.Throws<DirectoryNotFoundException>(() => FixedFolders.MakeFolder(Path.Combine(disk, "datasets")));
        Assert.False(Directory.Exists(disk));

        Directory.Move(root["away"], disk);
        AtomicFile.Write(file, stream => stream.WriteByte(3));
        Assert.Equal([3], File.ReadAllBytes(file));
        Assert.NotEqual(0, FixedFolders.LastMiss(disk));
        Assert.Equal(0, FixedFolders.LastMiss(root.Path));
    }
}
