using System.Text.Json.Nodes;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Metadata;

namespace Fovea.Models.Tests.Imaging;

public class PreprocessingJsonTests
{
    public static TheoryData<string, string> PillowCases => PillowResize.Cases;

    [Theory, MemberData(nameof(PillowCases))]
    public void Resizing_equals_Pillows(string json, string expected)
    {
        var image = new Pixels(23, 17, 3, [.. Enumerable.Range(0, 23 * 17 * 3).Select(i => Value(i / 3 % 23, i / 3 / 23, i % 3))]);
        var fitted = Preprocessor.Fit(image, Read(json));
        byte[] pillow = Convert.FromBase64String(expected);
        Assert.Equal(pillow.Length, fitted.Values.Length);
        Assert.All(pillow.Zip(fitted.Values), pair => Assert.InRange(pair.First - pair.Second, -1, 1));

        // The resizer has code of its own for one channel.
        var gray = new Pixels(23, 17, 1, [.. Enumerable.Range(0, 23 * 17).Select(i => Value(i % 23, i / 23, 0))]);
        var fittedGray = Preprocessor.Fit(gray, Read(json) with { Color = ColorOrder.Gray });
        Assert.Equal(fitted.Values.Where((_, i) => i % 3 == 0), fittedGray.Values);

        static byte Value(int x, int y, int c) => (byte)((7 * x * x) + (13 * y) + (50 * c) + (3 * x * y));
    }

    [Fact]
    public void Short_forms_are_understood()
    {
        var read = Read("""
            {"crop": 32, "mean": 0.5, "std": 0.25, "color": "bgr", "resize": 40.0, "Interpolation": "BICUBIC", "invert": null}
            """);
        Assert.Equal([32, 32], read.Crop);
        Assert.Equal([0.5f, 0.25f], [.. read.Mean, .. read.Std]);
        Assert.Equal((ColorOrder.Bgr, 40, Interpolation.Bicubic), (read.Color, read.Resize, read.Interpolation));
        Assert.Equal(ColorOrder.Gray, Read("""{"crop": [8, 9], "color": "grayscale"}""").Color);
    }

    [Theory]
    [InlineData("""
        {"crop": [32, 40], "resize": [48, 60], "color": "BGR", "interpolation": "lanczos", "mean": 0.5, "std": [0.1, 0.2, 0.3]}
        """)]
    [InlineData("""{"crop": 32, "resize": 48, "scale": 1, "invert": "auto", "color": "Gray"}""")]
    [InlineData("""{"crop": 32}""")]
    public void Written_preprocessing_is_read_as_the_same(string json)
    {
        var graph = new Graph("any");
        new ModelMetadata { Preprocessing = Read(json) }.WriteTo(graph);
        var again = ModelMetadata.Read(graph.Metadata).Preprocessing!;
        Assert.Equal(Text(Read(json)), Text(again));
        Assert.Equal(
            json.Contains("interpolation", StringComparison.Ordinal),
            graph.Metadata["fovea.preprocessing"].Contains("interpolation", StringComparison.Ordinal));
    }

    [Fact]
    public void Form_of_earlier_versions_has_not_changed()
    {
        var graph = new Graph("any");
        new ModelMetadata { Preprocessing = Preprocessing.ImageNet(224) }.WriteTo(graph);
        Assert.Equal(
            """{"resize":256,"crop":[224,224],"color":"RGB","scale":0.003921569,"mean":[0.485,0.456,0.406],"""
                + "\"std\":[0.229,0.224,0.225],\"invert\":\"never\"}",
            graph.Metadata["fovea.preprocessing"]);
    }

    [Theory]
    [InlineData("""{"crop": 32, "colour": "BGR"}""",
        "has the unknown name colour (did you mean color?); expected resize, crop, color, scale, mean, std, invert, interpolation, "
            + "layout.")]
    [InlineData("""{"crop": 32, "colour": "BGR", "means": [0.5]}""",
        "has the unknown names colour (did you mean color?) and means (did you mean mean?); expected")]
    [InlineData("""{"crop": 32, "means": [0.5]}""", "unknown name means (did you mean mean?)")]
    [InlineData("""{"crop": 32, "image_std": [0.5]}""", "unknown name image_std (did you mean std?)")]
    [InlineData("""{"crop": 32, "zzz": 1}""", "unknown name zzz; expected")]
    [InlineData("""{"resize": 32}""", "lacks crop; expected")]
    [InlineData("""{"crop": "32"}""", "has crop \"32\"; expected [height, width] in pixels, or one number for a square.")]
    [InlineData("""{"crop": [32]}""", "has crop [32]; expected")]
    [InlineData("""{"crop": 32.5}""", "has crop 32.5; expected")]
    [InlineData("""{"crop": 32, "color": "CMYK"}""", "has color \"CMYK\"; expected RGB, BGR or Gray.")]
    [InlineData("""{"crop": 32, "color": 1}""", "has color 1; expected RGB, BGR or Gray.")]
    [InlineData("""{"crop": 32, "mean": ["0.5"]}""", "has mean [\"0.5\"]; expected a number, or one for each channel.")]
    [InlineData("""{"crop": 32, "mean": {"r": 1}}""", "has mean {\"r\":1}; expected")]
    [InlineData("""{"crop": 32, "mean": [0.5, 0.5]}""", "mean has 2 numbers; expected 1 or 3")]
    [InlineData("""{"crop": 32, "interpolation": "area"}""", "has interpolation \"area\"; expected bilinear, bicubic, lanczos or nearest.")]
    [InlineData("""{"crop": [32, 40], "resize": [40, 39]}""", "resize is [40, 39]; expected [height, width] of at least the crop")]
    [InlineData("""{"crop": 32, "resize": [40, 50, 60]}""", "has resize [40,50,60]; expected the short side in pixels or [height, width].")]
    [InlineData("""{"crop": 32, "CROP": 32}""", "has a name twice")]
    [InlineData("""{"crop": 32, "crop": 32}""", "has a name twice")]
    public void Mistake_is_refused_in_words(string json, string words)
    {
        var error = Assert.Throws<FoveaException>(() => Read(json));
        Assert.Equal(ErrorCode.BadModelFile, error.Code);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"id2label": {"1": "bee", "0": "ant"}}""", "ant bee")]
    [InlineData("""{"labels": {"0": "ant", "1": "bee", "2": "cat"}, "description": "of another program"}""", "ant bee cat")]
    [InlineData("""{"labels": ["x", "y"], "id2label": {"0": "ant"}}""", "x y")]
    public void Labels_by_number_are_understood(string json, string labels)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["model.json"], json);
        Assert.Equal(labels, string.Join(' ', ModelJson.Read(folder["model.json"])!.Labels!.Value));
    }

    [Theory]
    [InlineData("""{"id2label": {"0": "ant", "2": "bee"}}""",
        "In the labels, there is no name for the number 1; expected the numbers 0 to 2, each with a name.")]
    [InlineData("""{"labels": {"0": "ant", "00": "bee"}}""", "In the labels, the number 0 is given twice; expected it once.")]
    [InlineData("""{"labels": {"ant": "0"}}""", "The number of a label is ant; expected a whole number from 0.")]
    [InlineData("""{"labels": {"0": 7}}""", "The label 0 is 7; expected a name.")]
    [InlineData("""{"lables": ["a"]}""", "The name lables is unknown (did you mean labels?)")]
    [InlineData("""{"crop": 32, "mean": 0.5}""", "crop is outside the object preprocessing; expected it inside this object.")]
    [InlineData("""{"preprocessing": {"crop": 32, "colour": "BGR"}}""", "unknown name colour (did you mean color?)")]
    [InlineData("""{"preprocessing": [1]}""", "is not valid at")]
    public void Mistake_in_a_model_json_is_refused_in_words(string json, string words)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["model.json"], json);
        var error = Assert.Throws<FoveaException>(() => ModelJson.Read(folder["model.json"]));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.StartsWith(folder["model.json"], error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", error.Message, StringComparison.Ordinal);
    }

    private static Preprocessing Read(string json) => Preprocessing.FromJson(JsonNode.Parse(json)!.AsObject());

    private static string Text(Preprocessing all) =>
        $"{all.Resize} {string.Join(',', all.ResizeTo ?? [])} {string.Join(',', all.Crop)} {all.Color} {all.Scale} "
        + $"{string.Join(',', all.Mean)} {string.Join(',', all.Std)} {all.Invert} {all.Interpolation}";
}
