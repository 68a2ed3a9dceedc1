using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Onnx;
using Fovea.Models.Runtime;

namespace Fovea.Models.Tests.Adoption;

/// <summary>Files beside a model, and properties in it, that are incomplete, are named otherwise, or say what Fovea cannot do.</summary>
public sealed class SidecarProblemTests
{
    [Theory]
    [InlineData("config.json", """{"id2label": {"0": "ant", "1": "bee", "3": "dog"}}""", "config.json, under id2label,")]
    [InlineData("labels.json", """{"0": "ant", "1": "bee", "3": "cat", "4": "dog"}""", "labels.json,")]
    [InlineData("labels.txt", "0,ant\n1,bee\n3,cat\n4,dog", "labels.txt,")]
    [InlineData("labels.txt", "{0: 'ant', 1: 'bee', 3: 'dog'}", "labels.txt,")]
    public void Number_without_a_name_is_named_with_its_file(string file, string content, string place)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder);
        File.WriteAllText(folder[file], content);
        var error = Assert.Throws<FoveaException>(() => ForeignNetwork.Answer(path, ForeignNetwork.Json() with { Labels = null }));
        var clause = "there is no name for the number 2; expected the numbers 0 to";
        Assert.Contains($"In {place} {clause}", error.Message, StringComparison.Ordinal);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
    }

    [Fact]
    public void Number_without_a_name_in_a_property_is_named_with_the_property()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder, With(("names", "{0: 'ant', 2: 'bee'}"), ("imgsz", "[8, 8]")));
        var needs = string.Join(' ', ModelAdoption.Read(path, ForeignNetwork.Json() with { Labels = null }).Findings.Needs);
        Assert.Contains("In the file's property names, there is no name for the number 1", needs, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.json")]
    [InlineData("Model.json")]
    public void Names_of_files_may_differ_in_the_case_of_letters(string json)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder[json], """{"labels": "classes.txt"}""");
        File.WriteAllText(folder["Classes.txt"], "ant\nbee");
        Assert.Equal(["ant", "bee"], Metadata.ModelJson.Read(folder["model.json"])!.Labels!.Value);
        File.WriteAllText(folder["CLASSES.txt"], "bee\nant");
        var error = Assert.Throws<FoveaException>(() => Metadata.ModelJson.Read(folder["model.json"]));
        Assert.Contains(
            $"CLASSES.txt and Classes.txt in {folder.Path} differ only in the case", error.Message, StringComparison.Ordinal);
        File.WriteAllText(folder["classes.txt"], "cat\nant");
        Assert.Equal(["cat", "ant"], Metadata.ModelJson.Read(folder["model.json"])!.Labels!.Value);
    }

    [Fact]
    public void Name_of_a_model_keeps_the_case_of_its_letters()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["Cat.json"], """{"labels": ["ant"]}""");
        Assert.Null(Metadata.ModelJson.Read(folder["cat.json"]));
        File.WriteAllText(folder["cat.JSON"], """{"labels": ["bee"]}""");
        Assert.Equal(["bee"], Metadata.ModelJson.Read(folder["cat.json"])!.Labels!.Value);
    }

    [Fact]
    public void Numbers_that_are_no_class_numbers_leave_no_gap()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder);
        File.WriteAllText(folder["labels.json"], """{"version": 1}""");
        var needs = string.Join(' ', ModelAdoption.Read(path, ForeignNetwork.Json() with { Labels = null }).Findings.Needs);
        Assert.DoesNotContain("no name for the number", needs, StringComparison.Ordinal);
    }

    [Fact]
    public void Activation_in_model_json_overrules_a_config_json_of_a_regression()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder);
        File.WriteAllText(folder["config.json"], """{"problem_type": "regression"}""");
        Assert.Equal(
            "config.json says problem_type: regression; expected a classifier, or \"activation\" in model.json.",
            Assert.Single(ModelAdoption.Read(path, ForeignNetwork.Json()).Findings.Needs));
        Assert.Empty(ModelAdoption.Read(path, ForeignNetwork.Json(activation: Activation.Softmax)).Findings.Needs);
    }

    [Theory]
    [InlineData("detect")]
    [InlineData("segment")]
    [InlineData("pose")]
    [InlineData("obb")]
    public void File_of_another_task_is_refused_by_name(string task)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [g.Softmax(z)]).Write(folder, With(("imgsz", "[8, 8]"), ("task", task)));
        var error = Assert.Throws<FoveaException>(() => ForeignNetwork.Answer(path));
        Assert.Contains($"property task is {task}, ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("preprocessor_config.json", """{"size": 8, "resample": 4}""", "resample: 4 (box); expected 0 (nearest)")]
    [InlineData("preprocessor_config.json", """{"size": 8, "resample": 5}""", "resample: 5 (hamming)")]
    [InlineData("preprocessor_config.json", """{"size": 8, "resample": "PIL.Image.BOX"}""", "resample: PIL.Image.BOX; expected 0")]
    [InlineData("preprocessor_config.json", """{"size": 8, "resample": "area"}""", "resample: area; expected 0 (nearest)")]
    [InlineData("preprocessor_config.json", """{"size": 8, "do_pad": true, "pad_size": 9}""", "do_pad: true")]
    [InlineData("config.json", """{"problem_type": "regression"}""", "problem_type: regression")]
    [InlineData("config.json", """{"input_size": [3, 8, 8], "mean": [0], "std": [1], "crop_mode": "border"}""", "crop_mode: border")]
    [InlineData("config.json", """{"input_size": [3, 8, 8], "mean": [0], "std": [1], "interpolation": "box"}""", "interpolation: box")]
    [InlineData("config.json", """{"id2label": {"0": "a", "1": "b", "2": "c", "3": "d"}, "label2id": {"a": 3, "b": 2, "c": 1, "d": 0}}""",
        "in config.json (label2id)")]
    public void Setting_that_Fovea_cannot_follow_is_refused_by_name(string file, string content, string reason)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder);
        File.WriteAllText(folder[file], content);
        var error = Assert.Throws<FoveaException>(() => ModelAdoption.Read(path).Complete(path));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("BeitImageProcessor", Interpolation.Bicubic, null)]
    [InlineData("EfficientNetImageProcessor", Interpolation.Nearest, null)]
    [InlineData("ViTImageProcessor", Interpolation.Bilinear, null)]
    [InlineData("ConvNextImageProcessor", Interpolation.Bilinear, 9)]
    public void Processor_has_its_own_interpolation_and_crop(string type, Interpolation interpolation, int? resize)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder);
        File.WriteAllText(
            folder["preprocessor_config.json"], $$"""{"size": {"shortest_edge": 8}, "image_processor_type": "{{type}}"}""");
        var steps = ModelAdoption.Read(path).Metadata.Preprocessing!;
        Assert.Equal((interpolation, resize), (steps.Interpolation, steps.Resize));
    }

    [Theory]
    [InlineData("bicubic", Interpolation.Bicubic)]
    [InlineData("PIL.Image.LANCZOS", Interpolation.Lanczos)]
    public void Interpolation_may_be_given_by_its_name(string resample, Interpolation expected)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder);
        File.WriteAllText(folder["preprocessor_config.json"], $$"""{"size": 8, "resample": "{{resample}}"}""");
        Assert.Equal(expected, ModelAdoption.Read(path).Metadata.Preprocessing!.Interpolation);
    }

    private static Action<ModelProto> With(params (string Key, string Value)[] properties) =>
        model => model.MetadataProps.AddRange(properties.Select(p => new StringStringEntryProto { Key = p.Key, Value = p.Value }));
}
