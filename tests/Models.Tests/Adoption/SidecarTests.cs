using System.Text;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Onnx;
using Fovea.Models.Runtime;

namespace Fovea.Models.Tests.Adoption;

public sealed class SidecarTests
{
    private const string Paddle = """
        # made by PaddleClas
        Global:
          infer_imgs: "./images"
        PreProcess:
          transform_ops:
            - ResizeImage:
                resize_short: 9
            - CropImage:
                size: 8
            - NormalizeImage:
                scale: 1.0/255.0
                mean: [0.5, 0.4, 0.3]
                std:
                - 0.2
                - 0.3
                - 0.25
                order: ''
            - ToCHWImage:
        PostProcess:
          Topk:
            topk: 5
            label_list:
            - ant
            - 'bee'
            - "cat"
            - dog
        """;

    private const string Normalisation = """
         "image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.25], "rescale_factor": 0.00392156862745098}
        """;

    private const string Timm = """
        {"pretrained_cfg": {"input_size": [3, 8, 8], "crop_pct": 0.875, "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.25]}}
        """;

    private const string Described = """
        {"label_names": ["a", "b", "c", "d"], "label_descriptions": {"a": "ant", "b": "bee", "c": "cat", "d": "dog"}}
        """;

    private const string EfficientNet = """
        {"size": 8, "image_mean": [0.5], "image_std": [0.5], "image_processor_type": "EfficientNetImageProcessor"}
        """;

    private static readonly string[] Ids = ["n01440764", "n01443537", "n01484850", "n01491361"];

    public static TheoryData<string, string> LabelFiles => new()
    {
        { "labels.txt", "ant\r\nbee\r\n\r\ncat\r\ndog\r\n" },
        { "labels.txt", "0 ant\n1 bee\n2 cat\n3 dog" },
        { "labels.txt", "ant, bee, cat, dog\n" },
        { "labels.txt", "0. ant\n1. bee\n2. cat\n3. dog" },
        { "labels.txt", "1) ant\n2) bee\n3) cat\n4) dog" },
        { "labels.txt", "0 - ant\n1 - bee\n2 - cat\n3 - dog" },
        { "labels.txt", "{1: 'bee', 0: 'ant', 2: 'cat', 3: 'dog'}" },
        { "labels.txt", "['ant', 'bee', 'cat', 'dog']" },
        { "Labels.TXT", "ant\nbee\ncat\ndog" },
        { "Config.json", """{"id2label": {"0": "ant", "1": "bee", "2": "cat", "3": "dog"}}""" },
        { "classes.txt", "ant\nbee\ncat\ndog" },
        { "class_names.txt", "ant\nbee\ncat\ndog" },
        { "labels.txt", "0: ant\n1: bee\n2: cat\n3: dog" },
        { "labels.txt", "0,ant\n1,bee\n2,cat\n3,dog" },
        { "labels.txt", "2 cat\n0 ant\n3 dog\n1 bee" },
        { "labels.txt", "1\tant\n2\tbee\n3\tcat\n4\tdog" },
        { "labels.txt", "00 ant\n01 bee\n02 cat\n03 dog" },
        { "labels.txt", "bee,1\nant,0\ncat,2\ndog,3" },
        { "labels.txt", "id,name\n0,ant\n1,bee\n2,cat\n3,dog" },
        { "labels.txt", "# classes\n\"ant\"\n\"bee\"\n\"cat\"\n\"dog\"" },
        { "labels.txt", """["ant", "bee", "cat", "dog"]""" },
        { "labels.json", """["ant", "bee", "cat", "dog", ]""" },
        { "labels.json", """[{"id": 2, "name": "cat"}, {"id": 0, "name": "ant"}, {"id": 3, "name": "dog"}, {"id": 1, "name": "bee"}]""" },
        { "labels.json", """{"id2label": {"3": "dog", "0": "ant", "1": "bee", "2": "cat"}}""" },
        { "config.json", """{"label2id": {"dog": "3", "ant": "0", "bee": "1", "cat": "2"}}""" },
        { "labels.json", """{"0": ["n01", "ant"], "1": ["n02", "bee"], "2": ["n03", "cat"], "3": ["n04", "dog"]}""" },
        { "labels.json", """["ant", "bee", "cat", "dog"]""" },
        { "labels.json", """{"3": "dog", "0": "ant", "1": "bee", "2": "cat"}""" },
        { "labels.json", """{"dog": 3, "ant": 0, "bee": 1, "cat": 2}""" },
        { "labels.json", """{"labels": ["ant", "bee", "cat", "dog"]}""" },
        { "labels.json", """[{"id": 0, "name": "ant"}, {"name": "bee"}, {"label": "cat"}, {"name": "dog"}]""" },
        { "config.json", Described },
        { "synset.txt", string.Join('\n', Ids.Zip(ForeignNetwork.Labels, (id, name) => $"{id}\t{name}")) },
        { "synset.txt", string.Join('\n', Ids.Zip(ForeignNetwork.Labels, (id, name) => $"{id} {name}")) },
        { "config.json", """{"id2label": {"0": "ant", "1": "bee", "2": "cat", "3": "dog"}}""" },
        { "inference_cls.yaml", Paddle },
    };

    [Theory]
    [InlineData("1 euro\n2 euros", "1 euro", "2 euros")]
    [InlineData("7 up\n0 sugar", "7 up", "0 sugar")]
    [InlineData("model 0\nmodel 1", "model 0", "model 1")]
    [InlineData("tench, Tinca tinca\ngoldfish", "tench, Tinca tinca", "goldfish")]
    public void Numbers_that_are_a_part_of_the_names_stay(string text, params string[] names) =>
        Assert.Equal(names, Metadata.LabelFiles.Lines(text));

    [Fact]
    public void Text_that_is_not_UTF_8_is_read_in_the_code_of_Western_Windows()
    {
        Assert.Equal("bée", Metadata.LabelFiles.Decode(Encoding.Latin1.GetBytes("bée")));
        Assert.Equal("bée", Metadata.LabelFiles.Decode([.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes("bée")]));
        Assert.Equal("bée", Metadata.LabelFiles.Decode(Encoding.UTF8.GetBytes("bée")));
        Assert.Equal("bée\ufffd", Metadata.LabelFiles.Decode(Encoding.UTF8.GetBytes("bée\ufffd")));
        Assert.Equal("b\u20ac\u0153\u0178", Metadata.LabelFiles.Decode([(byte)'b', 0x80, 0x9c, 0x9f]));
    }

    [Theory]
    [InlineData("""{"cat": 0.5}""")]
    [InlineData("""{"cat": 3e9, "dog": 0}""")]
    [InlineData("""{"cat": 0, "cat": 1}""")]
    [InlineData("""["\ud800", "dog"]""")]
    [InlineData("""[{"name": "cat", "name": "dog"}, {"name": "ant"}]""")]
    public void Json_without_usable_names_gives_no_labels(string content)
    {
        Assert.Null(Metadata.LabelFiles.OfJson(content));
        Assert.Single(Metadata.LabelFiles.Lines(content));
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder, model =>
            model.MetadataProps.Add(new StringStringEntryProto { Key = "labels", Value = content }));
        File.WriteAllText(folder["labels.json"], content);
        File.WriteAllText(folder["labels.txt"], content);
        ForeignNetwork.Answer(path, ForeignNetwork.Json() with { Labels = null });
    }

    [Fact]
    public void Numbers_in_model_json_are_names()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["model.json"], """{"labels": [1, 2.5, "x"]}""");
        Assert.Equal(["1", "2.5", "x"], Metadata.ModelJson.Read(folder["model.json"])!.Labels!.Value);
        File.WriteAllText(folder["model.json"], """{"labels": [1, null]}""");
        var error = Assert.Throws<FoveaException>(() => Metadata.ModelJson.Read(folder["model.json"]));
        Assert.Contains("a label is null; expected a name", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Property_with_one_name_per_class_is_used_beside_a_file_of_other_names()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder, model =>
            model.MetadataProps.Add(new StringStringEntryProto { Key = "classes", Value = "ant, bee, cat, dog" }));
        File.WriteAllLines(folder["labels.txt"], Enumerable.Range(0, 1000).Select(i => $"thing {i}"));
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path, ForeignNetwork.Json() with { Labels = null }));
        var findings = ModelAdoption.Read(path, ForeignNetwork.Json() with { Labels = null }).Findings;
        Assert.Contains("property classes", findings.Found["labels"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("labels", """["ant", "bee", "cat", "dog"]""")]
    [InlineData("classes", "ant, bee, cat, dog")]
    [InlineData("class_names", "['ant', 'bee', 'cat', 'dog']")]
    [InlineData("id2label", """{"1": "bee", "0": "ant", "2": "cat", "3": "dog"}""")]
    [InlineData("labels", "ant\nbee\ncat\ndog\n")]
    public void Labels_are_read_from_properties_that_people_write(string key, string value)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder, model =>
            model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value }));
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path, ForeignNetwork.Json() with { Labels = null }));
    }

    [Fact]
    public void Files_that_contradict_each_other_need_the_labels()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder);
        File.WriteAllText(folder["labels.txt"], "ant\nbee\ncat\ndog");
        File.WriteAllText(folder["labels.json"], """["bee", "ant", "cat", "dog"]""");
        var needs = ModelAdoption.Read(path, ForeignNetwork.Json() with { Labels = null }).Findings.Needs;
        Assert.Contains(
            needs, need => need.Contains("in labels.json and ant, bee, cat and 1 more in labels.txt", StringComparison.Ordinal));
        File.WriteAllText(folder["labels.json"], """["LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3"]""");
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path, ForeignNetwork.Json() with { Labels = null }));
    }

    [Theory, MemberData(nameof(LabelFiles))]
    public void Labels_are_read_from_files_beside_the_model(string file, string content)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder);
        File.WriteAllText(folder[file], content);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path, ForeignNetwork.Json() with { Labels = null }));
        Assert.Contains(file, ModelAdoption.Read(path, ForeignNetwork.Json() with { Labels = null }).Findings.Found["labels"],
            StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Labels_of_another_number_are_not_used_and_files_that_make_no_sense_are_named()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder);
        File.WriteAllText(folder["labels.txt"], "a\nb\nc");
        File.WriteAllText(folder["config.json"], "{");
        var findings = ModelAdoption.Read(path, ForeignNetwork.Json() with { Labels = null }).Findings;
        Assert.Contains(findings.Assumed, sentence => sentence.StartsWith("The 3 names in labels.txt", StringComparison.Ordinal));
        Assert.Contains(findings.Assumed, sentence => sentence.StartsWith("config.json is not used", StringComparison.Ordinal));
        Assert.Contains(findings.Assumed, sentence => sentence.Contains("numbers 0 to 3", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("preprocessor_config.json", """{"size": {"height": 8, "width": 8},""" + Normalisation, null)]
    [InlineData("preprocessor_config.json", """{"size": {"shortest_edge": 9}, "crop_size": 8,""" + Normalisation, 9)]
    [InlineData("preprocessor_config.json", """{"size": {"shortest_edge": 8}, "crop_pct": 0.875,""" + Normalisation, 9)]
    [InlineData("preprocessor_config.json", """{"size": 8, "feature_extractor_type": "ConvNextFeatureExtractor",""" + Normalisation, 9)]
    [InlineData("config.json", Timm, 9)]
    [InlineData("config.json", """{"input_size": [3, 8, 8], "crop_pct": 0.875, "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.25]}""", 9)]
    [InlineData("inference_cls.yaml", Paddle, 9)]
    public void Preprocessing_is_read_from_files_beside_the_model_and_fixes_open_sizes(string file, string content, int? resize)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build(input: g => g.Input("pixel_values", ElementType.Float, new Shape(-1, -1, -1, -1))).Write(folder);
        File.WriteAllText(folder[file], content);
        var adopted = ModelAdoption.Read(path);
        var expected = new Preprocessing { Crop = [8, 8], Resize = resize, Mean = [0.5f, 0.4f, 0.3f], Std = [0.2f, 0.3f, 0.25f] };
        Assert.True(adopted.IsComplete);
        Assert.Equal((expected.Crop[0], expected.Resize, expected.Scale),
            (adopted.Metadata.Preprocessing!.Crop[0], adopted.Metadata.Preprocessing.Resize, adopted.Metadata.Preprocessing.Scale));
        Assert.Equal(expected.Mean, adopted.Metadata.Preprocessing.Mean);
        Assert.Equal(expected.Std, adopted.Metadata.Preprocessing.Std);
        Assert.Equal(new Shape(-1, 3, 8, 8), adopted.Graph.Inputs[0].Shape);
    }

    [Theory]
    [InlineData("""{"size": 8, "image_mean": 0.5, "image_std": 0.25}""", 0.5f, 0.25f)]
    [InlineData("""{"size": 8, "image_mean": [0.5], "image_std": [0.25], "rescale_offset": true}""", 1.5f, 0.25f)]
    [InlineData(EfficientNet, 0.5f, 0.25f)]
    [InlineData("""{"size": 8, "image_mean": [0.5], "image_std": [0.5], "do_normalize": false}""", 0f, 1f)]
    [InlineData("""{"size": 8, "do_center_crop": true, "crop_size": 8, "do_resize": false}""", 0f, 1f)]
    public void Normalisation_of_Hugging_Face_has_its_own_forms(string content, float mean, float std)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder);
        File.WriteAllText(folder["preprocessor_config.json"], content);
        var steps = ModelAdoption.Read(path).Metadata.Preprocessing!;
        Assert.Equal((mean, std, null), (steps.Mean[0], steps.Std[0], steps.Resize));
    }

    [Fact]
    public void Mode_squash_of_timm_does_not_keep_the_proportions()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder);
        File.WriteAllText(
            folder["config.json"], Timm.Replace("{\"input_size\"", "{\"crop_mode\": \"squash\", \"input_size\"", StringComparison.Ordinal));
        var steps = ModelAdoption.Read(path).Metadata.Preprocessing!;
        Assert.Equal((null, 9, 9), (steps.Resize, steps.ResizeTo!.Value[0], steps.ResizeTo.Value[1]));
    }

    [Fact]
    public void Names_of_Azure_AutoML_and_labels_json_give_its_preprocessing()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [g.Add("Identity", [z], outputs: "output1").Output], g =>
            g.Input("input1", ElementType.Float, new Shape(-1, 3, 8, 8))).Write(folder);
        File.WriteAllText(folder["labels.json"], """["ant", "bee", "cat", "dog"]""");
        var adopted = ModelAdoption.Read(path);
        Assert.True(adopted.IsComplete);
        Assert.Equal([9, 9], adopted.Metadata.Preprocessing!.ResizeTo!.Value);
        Assert.Equal(0.456f, adopted.Metadata.Preprocessing.Mean[1]);
    }

    [Fact]
    public void Problem_type_of_several_labels_asks_for_a_sigmoid()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder);
        File.WriteAllText(folder["config.json"], """{"problem_type": "multi_label_classification"}""");
        ForeignNetwork.AssertAnswer([.. ForeignNetwork.Logits().Select(z => 1 / (1 + Math.Exp(-z)))], ForeignNetwork.Answer(path));
    }

    [Theory]
    [InlineData("{0: 'ant', 1: 'bee', 2: \"cat\", 3: 'dog'}")]
    [InlineData("{3: 'dog', 2: 'cat', 1: 'bee', 0: 'ant'}")]
    [InlineData("['ant', 'bee', 'cat', 'dog']")]
    public void Properties_of_Ultralytics_give_labels_and_preprocessing(string names)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [g.Softmax(z)]).Write(
            folder, With(("names", names), ("imgsz", "[8, 8]"), ("task", "classify")));
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path, new()));
        var steps = ModelAdoption.Read(path).Metadata.Preprocessing!;
        Assert.Equal((8, 1f / 255), (steps.Resize, steps.Scale));
    }

    [Theory]
    [InlineData("Rgb8", "Normalized_0_1", 1f / 255, 0f)]
    [InlineData("Bgr8", "NominalRange_0_255", 1f, 0f)]
    [InlineData("Bgr8", "Normalized_1_1", 1 / 127.5f, 1f)]
    public void Properties_of_Custom_Vision_give_the_preprocessing(string format, string range, float scale, float mean)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder, With(("Image.BitmapPixelFormat", format), ("Image.NominalPixelRange", range)));
        var steps = ModelAdoption.Read(path).Metadata.Preprocessing!;
        Assert.Equal((scale, mean, null, format == "Rgb8" ? ColorOrder.Rgb : ColorOrder.Bgr),
            (steps.Scale, steps.Mean[0], steps.Resize, steps.Color));
    }

    [Fact]
    public void Names_in_Python_text_may_hold_quotes_and_signs()
    {
        Assert.Equal(["it's", "a \"b\"", "x, y: {z}"], Metadata.PythonText.Names("""{0: "it's", 1: 'a "b"', 2: 'x, y: {z}'}""")!);
        Assert.Equal(["caf\u00e9"], Metadata.PythonText.Names("{0: 'caf\\xe9'}")!);
        Assert.Null(Metadata.PythonText.Names("{0: 'ant', 2: 'bee'}"));
        Assert.Null(Metadata.PythonText.Names("{0: 'ant"));
        Assert.Null(Metadata.PythonText.Names("nothing"));
    }

    private static Action<ModelProto> With(params (string Key, string Value)[] properties) =>
        model => model.MetadataProps.AddRange(properties.Select(p => new StringStringEntryProto { Key = p.Key, Value = p.Value }));
}
