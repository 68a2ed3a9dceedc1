using Fovea.Models.Annotations;
using Fovea.Models.Errors;

namespace Fovea.Models.Tests.Annotations;

public class LabelListsTests
{
    [Theory]
    [InlineData("labels.csv", "file,label\n1.png,cat;dog\n2.png,dog\n3.png,\n")]
    [InlineData("labels.csv", "1.png,cat;dog\r\n2.png, dog \r\n\"3.png\",\"\"\r\n")]
    [InlineData("Labels.CSV", "\uFEFFfilename,labels\n1.png,cat\n1.png,dog\n./2.png,dog;dog\n3.png,;")]
    [InlineData("labels.jsonl", """
        {"file": "1.png", "labels": ["cat", "dog"]}
        {"file": "2.png", "labels": ["dog"]}
        {"file": "3.png", "labels": []}
        """)]
    [InlineData("_classes.csv", "filename, cat, dog\r\n1.png, 1, 1\r\n2.png, 0, 1\r\n3.png, 0, 0\r\n")]
    public void List_gives_each_image_any_number_of_labels(string list, string text)
    {
        var layout = Of(text, "1.png", "2.png", "3.png", list);
        Assert.Equal(["cat", "dog"], layout.Labels);
        Assert.Equal(["cat dog", "dog", ""], layout.Items.Select(item => string.Join(' ', item.Labels)));
        Assert.True(layout.IsMultiLabel && layout.IsListed);
        Assert.Empty(layout.Unused);
        layout.CheckForTraining();
    }

    [Fact]
    public void List_with_one_label_for_each_image_is_not_of_several_labels()
    {
        var layout = Of(
            "images/1.png,\"a, \"\"b\"\"\"\nimages/2.png,c\n", "photos/images/1.png", "photos/images/2.png", "photos/labels.csv");
        Assert.Equal(["a, \"b\"", "c"], layout.Labels);
        Assert.False(layout.IsMultiLabel);
    }

    [Fact]
    public void Each_part_has_a_list_of_its_own()
    {
        var layout = DataLayout.Of(
            "data", [["train", "1.png"], ["train", "labels.csv"], ["Valid", "1.png"], ["Valid", "labels.csv"]], [],
            index => index == 1 ? "1.png,a;b" : "1.png,b");
        Assert.Equal(
            [(DataPart.Train, "a b"), (DataPart.Validation, "b")],
            layout.Items.Select(item => (item.Part!.Value, string.Join(' ', item.Labels))));
        Assert.True(layout.IsMultiLabel);
    }

    [Fact]
    public void List_that_says_no_more_than_class_folders_or_names_other_files_is_passed_over()
    {
        foreach (var text in (string[])["a/1.png,a\nb/1.png,b\n", "x.png,1\ny.png,2\n", "id,width,height\n1,2,3\n"])
        {
            var layout = Of(text, "a/1.png", "b/1.png", "labels.csv");
            Assert.Equal((2, false), (layout.Items.Count, layout.IsListed));
        }
    }

    [Fact]
    public void Images_that_no_list_names_and_rows_without_an_image_are_named()
    {
        var layout = Of("1.png,a;b\n9.png,a\n", "1.png", "2.png", "labels.csv");
        Assert.Equal(
            [
                (1, "No list names the file; expected a line for it in labels.csv."),
                (2, "Line 2 names 9.png, which is not in the data set."),
            ],
            layout.Unused.Select(file => (file.Index, file.Reason)));
    }

    [Theory]
    [InlineData("labels.csv", "1.png,a,b\n", "Line 1 of labels.csv is 1.png,a,b; expected file,label;label.")]
    [InlineData("labels.csv", "1.png,a\n2.png\n", "Line 2 of labels.csv is 2.png; expected file,label;label.")]
    [InlineData(
        "labels.csv",
        "x.png,a\n",
        "labels.csv names only missing files, such as x.png; expected the paths of images, relative to its folder.")]
    [InlineData("labels.jsonl", "{\"file\": \"1.png\", \"labels\": \"a\"}\n", "Line 1 of labels.jsonl is")]
    [InlineData("_classes.csv", "filename,a\n1.png,2\n", "Line 2 of _classes.csv is 1.png,2; expected a file name and 1 fields of 0 or 1")]
    [InlineData("labels.jsonl", "1.png,a\n", "expected {\"file\": \"...\", \"labels\": [\"...\"]}.")]
    public void List_that_cannot_be_read_is_refused_with_its_line(string list, string text, string reason)
    {
        var error = Assert.Throws<FoveaException>(() => Of(text, "1.png", "2.png", list));
        Assert.Equal(ErrorCode.BadDataset, error.Code);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    private static DataLayout Of(string text, params string[] paths) =>
        DataLayout.Of("data", [.. paths.Select(path => path.Split('/'))], [], _ => text);
}
