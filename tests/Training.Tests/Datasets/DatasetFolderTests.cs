using Fovea.Models;

namespace Fovea.Training.Tests;

public class DatasetFolderTests
{
    [Fact]
    public void Mnist_files_are_train_and_test_and_a_share_of_each_digit_is_set_aside_to_validate()
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
    public void The_split_depends_on_the_seed_alone()
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
    public void Only_classes_that_are_written_are_searched_for_ink(string first, string second, Inversion expected)
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
        File.WriteAllBytes(folder["train-images-idx3-ubyte"], [0, 0, 8, 3, 0, 0, 0, 20, 0, 0, 0, 28, 0, 0, 0, 28, .. Enumerable.Range(0, 20 * 784).Select(_ => (byte)random.Below(256))]);
        File.WriteAllBytes(folder["train-labels-idx1-ubyte"], [0, 0, 8, 1, 0, 0, 0, 20, .. Enumerable.Range(0, 20).Select(i => (byte)(i % 10))]);
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

        var error = Assert.Throws<FoveaException>(() => DatasetFolder.Open(folder.Path, Mnist.Preprocessing));
        Assert.Contains("a, c in test", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(19, false)]
    [InlineData(18, true)]
    public void Files_that_are_no_images_are_left_out_and_over_5_percent_refused(int good, bool refused)
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

        string Hash() => DatasetFolder.Open(folder.Path, Mnist.Preprocessing).ForTraining(seed: 1) is var (train, validation) ? train.Hash() + validation.Hash() : "";
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
        Assert.Contains("/b holds no images", Assert.Throws<FoveaException>(() => DatasetFolder.Open(folder.Path, Mnist.Preprocessing).Train).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Classes_that_differ_by_case_alone_are_refused()
    {
        using var folder = new TemporaryFolder();
        Images.Write(folder["ant/1.png"], 9);
        Images.Write(folder["Ant/1.png"], 9);
        var error = Assert.Throws<FoveaException>(() => DatasetFolder.Open(folder.Path, Mnist.Preprocessing).Train);
        Assert.Contains("Ant and ant", error.Message, StringComparison.Ordinal);
    }
}
