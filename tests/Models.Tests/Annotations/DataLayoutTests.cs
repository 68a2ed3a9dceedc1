using Fovea.Models.Annotations;
using Fovea.Models.Errors;

namespace Fovea.Models.Tests.Annotations;

public class DataLayoutTests
{
    [Theory]
    [InlineData("train", "val", "test")]
    [InlineData("Train", "Valid", "TEST")]
    [InlineData("TRAIN", "validation", "Test")]
    [InlineData("training", "Validation", "testing")]
    public void Parts_have_several_names_in_any_case(string train, string validation, string test)
    {
        var layout = Of(
            $"{train}/a/1.png", $"{train}/b/1.png", $"{validation}/a/1.png", $"{validation}/b/2.png", $"{test}/a/1.png", $"{test}/b/1.png");
        Assert.Equal(["a", "b"], layout.Labels);
        Assert.Equal(
            [DataPart.Train, DataPart.Train, DataPart.Validation, DataPart.Validation, DataPart.Test, DataPart.Test],
            layout.Items.Select(item => item.Part!.Value));
        layout.CheckForTraining();
    }

    [Theory]
    [InlineData("photos/")]
    [InlineData("outer/photos/")]
    [InlineData("")]
    public void Folder_that_holds_everything_is_looked_into_and_leftovers_and_annotations_are_passed_over(string wrapping)
    {
        var layout = Of(
            $"{wrapping}ants/1.png", $"{wrapping}bees/1.JPG", $"{wrapping}ants/Thumbs.db", $"{wrapping}bees/.DS_Store",
            $"{wrapping}bees/Desktop.ini",
            $"{wrapping}README.md", $"{wrapping}annotations.csv", $"{wrapping}_annotations.coco.json", $"{wrapping}voc.xml",
            $"{wrapping}classes.txt",
            $"{wrapping}ants/1.xml", "__MACOSX/ants/._1.png", ".git/config", $"{wrapping}.ipynb_checkpoints/1.png", "LICENSE",
            "paper.pdf.txt");
        Assert.Equal(["ants", "bees"], layout.Labels);
        Assert.Equal([0, 1], layout.Items.Select(item => item.Index));
        Assert.Empty(layout.Unused);
    }

    [Fact]
    public void Files_that_lie_in_no_class_folder_or_too_deep_are_named_with_the_reason()
    {
        var layout = Of("ants/1.png", "bees/1.png", "stray.jpg", "ants/more/2.png", "ants/notes.txt");
        Assert.Equal(
            [
                (2, "The file is not in a class folder."),
                (3, "The file is in a folder below its class folder; expected images directly in their class folders."),
            ],
            layout.Unused.Select(file => (file.Index, file.Reason)));

        // A text that has no image of its name beside it may be a broken image, so the decoder judges it.
        Assert.Equal([0, 1, 4], layout.Items.Select(item => item.Index));
    }

    [Theory]
    [InlineData("cover.jpg", "train/a/1.png", "train/b/1.png", "val/a/2.png", "val/b/2.png")]
    [InlineData("cover.jpg", "set/train/a/1.png", "set/train/b/1.png", "set/val/a/2.png", "set/val/b/2.png")]
    [InlineData("set/cover.jpg", "set/a/1.png", "set/b/1.png", "set/a/2.png", "set/b/2.png")]
    public void Image_beside_the_folders_is_named_and_changes_nothing_else(string stray, params string[] images)
    {
        var layout = Of([stray, .. images, "docs/manual/guide.pdf", "notes/readme.txt"]);
        Assert.Equal(["a", "b"], layout.Labels);
        Assert.Equal([1, 2, 3, 4], layout.Items.Select(item => item.Index));
        Assert.Equal([(0, "The file is not in a class folder.")], layout.Unused.Select(file => (file.Index, file.Reason)));
    }

    [Fact]
    public void Class_folders_may_be_called_as_parts_are_and_images_may_have_no_ending()
    {
        Assert.Equal(["bus", "train"], Of("bus/1.png", "train/1.png").Labels);
        Assert.Equal(["test", "train"], Of("test/1.png", "train/1.png").Labels);
        Assert.Equal(["a", "b"], Of("x/a/0001", "x/a/0002", "x/b/0003", "x/labels.txt").Labels);
    }

    [Fact]
    public void Names_of_classes_stay_as_they_are()
    {
        string[] names = ["<b class='x'>bold", "a \"quoted\" & 'named' one", "Çé 猫"];
        var layout = DataLayout.Of("data", [.. names.Select(name => new[] { name, "1.png" })], [], _ => "");
        Assert.Equal(names.Order(StringComparer.Ordinal), layout.Labels);
    }

    [Fact]
    public void Empty_class_folder_is_a_class_so_that_it_cannot_vanish()
    {
        var layout = DataLayout.Of(
            "data", [["p", "a", "1.png"], ["p", "b", "1.png"]], [["p"], ["p", "a"], ["p", "b"], ["p", "c"], ["p", ".c"]], _ => "");
        Assert.Equal(["a", "b", "c"], layout.Labels);
    }

    [Theory]
    [InlineData("data has 1 class folders, a; expected at least 2.", "a/1.png")]
    [InlineData("The folder Valid has no class b, but another part has", "train/a/1.png", "train/b/1.png", "Valid/a/1.png")]
    [InlineData("data has test and val, and no folder train to learn from", "test/a/1.png", "test/b/1.png", "val/a/1.png", "val/b/1.png")]
    [InlineData("data has the folders val and valid for the same part of the data set", "train/a/1.png", "val/a/1.png", "valid/a/1.png")]
    [InlineData("The classes Ant and ant differ only by case", "Ant/1.png", "ant/1.png")]
    [InlineData("The classes 007 and 7 are the same number", "007/1.png", "7/1.png")]
    public void Data_set_that_nothing_can_be_learned_from_is_refused_in_words(string reason, params string[] paths)
    {
        var error = Assert.Throws<FoveaException>(() => Of(paths).CheckForTraining());
        Assert.Equal(ErrorCode.BadDataset, error.Code);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Share_of_refused_files_is_at_most_a_twentieth()
    {
        RefusalLimit.Check("data", [("a/1.png", "It is broken.")], 20, []);
        var error = Assert.Throws<FoveaException>(() => RefusalLimit.Check("data", [("a/1.png", "It is broken.")], 19, []));
        Assert.Equal("1 of the 19 files in data are not readable images; expected at most 5 %. a/1.png: It is broken.", error.Message);
        error = Assert.Throws<FoveaException>(
            () => RefusalLimit.Check("data", [("a/1.png", "No."), ("b/1.heic", "It is HEIC.")], 1000, ["b"]));
        Assert.Equal("b has no usable images; expected at least one of each class. b/1.heic: It is HEIC.", error.Message);
    }

    internal static DataLayout Of(params string[] paths) => DataLayout.Of("data", [.. paths.Select(path => path.Split('/'))], [], _ => "");
}
