using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;
using Fovea.Training.Datasets;

namespace Fovea.Training.Tests.Datasets;

public class DatasetFolderTests
{
    [Fact]
    public void Mnist_files_give_train_and_test_and_a_share_of_each_digit_is_set_aside_for_validation()
    {
        var data = DatasetFolder.Open(Mnist.Folder, Mnist.Preprocessing);
        var (train, validation) = data.ForTraining(seed: 1);
        Assert.Equal((5000, 1000), (data.Train.Count, data.Test!.Count));
        Assert.Equal(5000, train.Count + validation.Count);
        Assert.Equal(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], train.Labels);
        foreach (int digit in Enumerable.Range(0, 10))
        {
            Assert.InRange(validation.Targets.Count(t => t == digit), 20, 30);
        }
    }

    [Fact]
    public void The_split_depends_only_on_the_seed()
    {
        var data = DatasetFolder.Open(Mnist.Folder, Mnist.Preprocessing);
        Assert.Equal(data.ForTraining(1).Train.Hash(), DatasetFolder.Open(Mnist.Folder, Mnist.Preprocessing).ForTraining(1).Train.Hash());
        Assert.NotEqual(data.ForTraining(1).Train.Hash(), data.ForTraining(2).Train.Hash());
    }

    [Fact]
    public void A_missing_folder_is_named()
    {
        var error = Assert.Throws<FoveaException>(() => DatasetFolder.Open("/no/such/folder", Mnist.Preprocessing));
        Assert.Contains("/no/such/folder", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_is_left_out_if_it_cannot_be_read_but_not_if_its_disk_is_gone()
    {
        using var root = new TemporaryFolder();
        var disk = root["disk"];
        Directory.CreateDirectory(disk);
        FixedFolders.Add(disk);
        var file = Path.Combine(disk, "ring", "1.png");
        var (good, bad) = ImageFile.Read(file, [0], Mnist.Preprocessing, new PixelMemory());
        Assert.Null(good);
        Assert.StartsWith("The file cannot be read", bad!.Reason, StringComparison.Ordinal);
        Directory.Move(disk, root["away"]);
        Assert.Throws<DirectoryNotFoundException>(() => ImageFile.Read(file, [0], Mnist.Preprocessing, new PixelMemory()));
    }

    [Fact]
    public void A_missing_half_of_a_pair_is_named()
    {
        using var folder = new TemporaryFolder();
        File.Copy(Path.Combine(Mnist.Folder, "train-images-idx3-ubyte.gz"), folder["train-images-idx3-ubyte.gz"]);
        var error = Assert.Throws<FoveaException>(() => DatasetFolder.Open(folder.Path, Mnist.Preprocessing).Train);
        Assert.Contains("train-labels-idx1-ubyte", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Images_and_labels_of_different_number_are_refused()
    {
        using var folder = new TemporaryFolder();
        File.Copy(Path.Combine(Mnist.Folder, "train-images-idx3-ubyte.gz"), folder["train-images-idx3-ubyte.gz"]);
        File.Copy(Path.Combine(Mnist.Folder, "t10k-labels-idx1-ubyte.gz"), folder["train-labels-idx1-ubyte.gz"]);
        var error = Assert.Throws<FoveaException>(() => DatasetFolder.Open(folder.Path, Mnist.Preprocessing).Train);
        Assert.Contains("5000 images and 1000 labels", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Class_folders_are_read_with_their_parts_and_names()
    {
        using var folder = new TemporaryFolder();
        foreach (var part in new[] { "train", "val" })
        {
            Images.Write(folder[$"{part}/light/1.png"], 250);
            Images.Write(folder[$"{part}/dark/1.png"], 5);
            Images.Write(folder[$"{part}/dark/2.png"], 10);
        }

        var data = DatasetFolder.Open(folder.Path, Mnist.Preprocessing);
        Assert.Equal(["dark", "light"], data.Train.Labels);
        Assert.Equal([0, 0, 1], data.Train.Targets);
        Assert.Equal(3, data.ForTraining(1).Validation.Count);
        Assert.Same(data.Validation, data.ForEvaluation);
    }

    [Theory]
    [InlineData("0", "1", Inversion.Auto)]
    [InlineData("ants", "bees", Inversion.Never)]
    public void Only_handwritten_classes_are_searched_for_ink(string first, string second, Inversion expected)
    {
        using var folder = new TemporaryFolder();
        Images.Write(folder[$"{first}/1.png"], 9);
        Images.Write(folder[$"{second}/1.png"], 9);
        Assert.Equal(expected, DatasetFolder.OpenForTraining(folder.Path, Mnist.Preprocessing).Train.Preprocessing.Invert);
        Assert.Equal(Inversion.Auto, DatasetFolder.Open(folder.Path, Mnist.Preprocessing).Train.Preprocessing.Invert);
    }

    [Fact]
    public void Idx_images_that_are_framed_as_digits_are_handwriting_and_others_are_not()
    {
        Assert.Equal(Inversion.Auto, DatasetFolder.OpenForTraining(Mnist.Folder, Mnist.Preprocessing).Train.Preprocessing.Invert);
        using var folder = new TemporaryFolder();
        var random = new SeededRandom(1);
        File.WriteAllBytes(
            folder["train-images-idx3-ubyte"],
            [0, 0, 8, 3, 0, 0, 0, 20, 0, 0, 0, 28, 0, 0, 0, 28, .. Enumerable.Range(0, 20 * 784).Select(_ => (byte)random.Below(256))]);
        File.WriteAllBytes(
            folder["train-labels-idx1-ubyte"], [0, 0, 8, 1, 0, 0, 0, 20, .. Enumerable.Range(0, 20).Select(i => (byte)(i % 10))]);
        Assert.Equal(Inversion.Never, DatasetFolder.OpenForTraining(folder.Path, Mnist.Preprocessing).Train.Preprocessing.Invert);
    }

    [Fact]
    public void Parts_with_other_classes_are_refused()
    {
        using var folder = new TemporaryFolder();
        foreach (var name in new[] { "train/a", "train/b", "test/a", "test/c" })
        {
            Images.Write(folder[$"{name}/1.png"], 9);
        }

        var error = Assert.Throws<FoveaException>(() => DatasetFolder.OpenForTraining(folder.Path, Mnist.Preprocessing));
        Assert.Contains("The folder test has no class b, but another part has", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(19, false)]
    [InlineData(18, true)]
    public void Files_that_are_not_images_are_left_out_and_over_5_percent_are_refused(int good, bool refused)
    {
        using var folder = new TemporaryFolder();
        for (int i = 0; i < good; i++)
        {
            Images.Write(folder[$"{(i % 2 == 0 ? "a" : "b")}/{i}.png"], (byte)i);
        }

        File.WriteAllText(folder["b/broken.png"], "no image");
        var data = DatasetFolder.Open(folder.Path, Mnist.Preprocessing);
        if (refused)
        {
            var error = Assert.Throws<FoveaException>(() => data.Train);
            Assert.Contains("1 of the 19 files", error.Message, StringComparison.Ordinal);
            Assert.Contains("b/broken.png: The 8 bytes are not an image", error.Message, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(good, data.Train.Count);
            Assert.Equal([folder["b/broken.png"]], data.Train.Refused.Select(r => r.File));
            Assert.Equal(data.Train.Refused, data.RefusedInTraining);
        }
    }

    [Fact]
    public void A_broken_file_changes_neither_the_split_nor_the_hash()
    {
        using var folder = new TemporaryFolder();
        for (int i = 0; i < 60; i++)
        {
            Images.Write(folder[$"{(i % 2 == 0 ? "a" : "b")}/{i}.png"], (byte)(4 * i));
        }

        string Hash() =>
            DatasetFolder.Open(folder.Path, Mnist.Preprocessing).ForTraining(seed: 1) is var (train, validation)
                ? train.Hash() + validation.Hash()
                : "";
        var before = Hash();
        File.WriteAllText(folder["a/0.jpg"], "no image");
        Assert.Equal(before, Hash());
        Images.Write(folder["a/0.png"], 255);
        Assert.NotEqual(before, Hash());
    }

    [Fact]
    public void A_class_without_an_image_that_can_be_read_is_named()
    {
        using var folder = new TemporaryFolder();
        for (int i = 0; i < 40; i++)
        {
            Images.Write(folder[$"a/{i}.png"], (byte)i);
        }

        Directory.CreateDirectory(folder["b"]);
        File.WriteAllText(folder["b/broken.png"], "no image");
        Assert.Contains(
            "/b has no usable images",
            Assert.Throws<FoveaException>(() => DatasetFolder.Open(folder.Path, Mnist.Preprocessing).Train).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train", "valid")]
    [InlineData("Train", "VALIDATION")]
    public void Export_of_other_tools_is_read_with_its_leftovers(string train, string validation)
    {
        using var folder = new TemporaryFolder();
        foreach (var name in (string[])["10", "9", "011"])
        {
            Images.Write(folder[$"export/{train}/{name}/1.png"], 20);
            Images.Write(folder[$"export/{train}/{name}/2.png"], 30);
            Images.Write(folder[$"export/{validation}/{name}/1.png"], 40);
            File.WriteAllBytes(folder[$"export/{train}/{name}/Thumbs.db"], [0xD0, 0xCF]);
        }

        Directory.CreateDirectory(folder["__MACOSX/export"]);
        File.WriteAllText(folder["__MACOSX/export/._a"], "x");
        File.WriteAllText(folder["export/data.yaml"], "nc: 3");
        File.WriteAllText(folder[$"export/{train}/_classes.csv"], "a,b");
        var data = DatasetFolder.OpenForTraining(folder.Path, Mnist.Preprocessing);
        Assert.Equal(["9", "10", "011"], data.Train.Labels);
        Assert.Equal([2, 2, 1, 1, 0, 0], data.Train.Targets);
        Assert.Equal((3, 0), (data.Validation!.Count, data.RefusedInTraining.Count()));
    }

    [Fact]
    public void Class_whose_files_are_all_of_a_format_that_cannot_be_decoded_is_named_with_the_format()
    {
        using var folder = new TemporaryFolder();
        for (int i = 0; i < 40; i++)
        {
            Images.Write(folder[$"a/{i}.png"], (byte)i);
        }

        Directory.CreateDirectory(folder["b"]);
        File.WriteAllBytes(folder["b/1.heic"], [0, 0, 0, 24, .. "ftypheic"u8, 0, 0, 0, 0, .. "mif1heic"u8]);
        var error = Assert.Throws<FoveaException>(() => DatasetFolder.Open(folder.Path, Mnist.Preprocessing).Train);
        Assert.Contains("/b has no usable images", error.Message, StringComparison.Ordinal);
        Assert.Contains("b/1.heic: The image is an HEIC file, which cannot be decoded", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Empty_class_folder_and_empty_folder_are_errors()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(
            "has 0 class folders",
            Assert.Throws<FoveaException>(() => DatasetFolder.Open(folder.Path, Mnist.Preprocessing)).Message,
            StringComparison.Ordinal);
        Images.Write(folder["a/1.png"], 1);
        Images.Write(folder["b/1.png"], 2);
        Directory.CreateDirectory(folder["c"]);
        Assert.Contains(
            "/c has no usable images",
            Assert.Throws<FoveaException>(() => DatasetFolder.Open(folder.Path, Mnist.Preprocessing).Train).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Images_beside_a_list_can_have_several_labels()
    {
        using var folder = new TemporaryFolder();
        for (int i = 0; i < 4; i++)
        {
            Images.Write(folder[$"set/{i}.png"], (byte)(50 * i));
        }

        File.WriteAllText(folder["set/labels.csv"], "file,label\n0.png,a;c\n1.png,b\n2.png,\n3.png,c;b;a\n");
        var data = DatasetFolder.OpenForTraining(folder.Path, Mnist.Preprocessing with { Invert = Inversion.Never });
        Assert.Equal(["a", "b", "c"], data.Train.Labels);
        Assert.Equal(["0 2", "1", "", "0 1 2"], data.Train.LabelSets!.Select(set => string.Join(' ', set)));
        Assert.Equal(["0 1 2", "0 2"], data.Train.Subset([3, 0]).LabelSets!.Select(set => string.Join(' ', set)));
        Assert.Equal(
            ["0 2", "3", "", "0 2 3"], data.Train.MatchedWith(["c", "x", "a", "b"]).LabelSets!.Select(set => string.Join(' ', set)));
    }

    [Fact]
    public void Classes_that_differ_only_by_case_are_refused()
    {
        using var folder = new TemporaryFolder();
        Images.Write(folder["ant/1.png"], 9);
        Images.Write(folder["Ant/1.png"], 9);
        var error = Assert.Throws<FoveaException>(() => DatasetFolder.Open(folder.Path, Mnist.Preprocessing).Train);
        Assert.Contains("Ant and ant", error.Message, StringComparison.Ordinal);
    }
}
