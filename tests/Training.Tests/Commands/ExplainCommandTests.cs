using System.Text.Json;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using SkiaSharp;

namespace Fovea.Training.Tests.Commands;

[Trait("Needs", "time")]
public sealed class ExplainCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public ExplainCommandTests()
    {
        OnnxFile.Write(Catalog.Find("lenet5").Build(seed: 3), folder["model.onnx"]);
        for (byte i = 0; i < 6; i++)
        {
            Images.Write(folder[$"photos/{i}.png"], (byte)(i * 40), side: 60 + i);
        }

        Images.Write(folder["more/3.png"], 99, side: 40);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Pictures_have_the_images_names_and_sizes_and_a_second_image_of_a_name_gets_a_number()
    {
        var (exitCode, output, error) = CommandLineProcess.Run(
            "explain", folder["model.onnx"], folder["photos"], folder["more/3.png"], "-o", folder["out"]);
        Assert.True(exitCode == 0, error);
        Assert.Equal(7, output.Trim().Split('\n').Length);
        Assert.Contains("grad-cam at ", output, StringComparison.Ordinal);
        foreach (var (name, side) in (ReadOnlySpan<(string, int)>)[("0", 60), ("3", 63), ("5", 65), ("3-2", 40)])
        {
            using var picture = SKBitmap.Decode(folder[$"out/{name}.grad-cam.png"]);
            Assert.Equal((side, side), (picture.Width, picture.Height));
        }
    }

    [Fact]
    public void Json_has_a_line_for_each_image_and_an_unreadable_one_is_named()
    {
        File.WriteAllText(folder["photos/a.png"], "no image");
        var (exitCode, output, error) = CommandLineProcess.Run(
            "explain", folder["model.onnx"], folder["photos/a.png"], folder["photos/1.png"], "--class", "7", "--json", "--layer", "conv1");
        Assert.Equal(1, exitCode);
        Assert.Contains("a.png: The 8 bytes are not an image", error, StringComparison.Ordinal);
        var line = JsonDocument.Parse(output).RootElement;
        Assert.Equal(
            [
                "file", "trained", "class", "index", "probability", "method", "layer", "height", "width", "region", "values",
            ],
            line.EnumerateObject().Select(p => p.Name));
        Assert.Equal(("7", "conv1", 24), (
            line.GetProperty("class").GetString(), line.GetProperty("layer").GetString(), line.GetProperty("height").GetInt32()));
    }

    [Fact]
    public void Judge_compares_the_maps_of_a_folder_or_a_data_set_with_random_ones_and_a_blob()
    {
        foreach (var data in (string[])[folder["photos"], Mnist.Folder])
        {
            var (exitCode, output, error) = CommandLineProcess.Run(
                "explain", folder["model.onnx"], "--judge", data, "--images", "3", "--json");
            Assert.True(exitCode == 0, error);
            var judged = JsonDocument.Parse(output).RootElement;
            Assert.Equal((3, 32), (judged.GetProperty("images").GetInt32(), judged.GetProperty("steps").GetInt32()));
            var maps = judged.GetProperty("maps").EnumerateArray().ToArray();
            Assert.Equal(["grad-cam", "random", "centre"], maps.Select(map => map.GetProperty("map").GetString()));
            Assert.All(maps, map => Assert.InRange(map.GetProperty("insertion").GetDouble(), 0, 1));
        }
    }

    [Theory]
    [InlineData("There is nothing to explain; expected images, or --judge with a data set.")]
    [InlineData("has no class eleven", "photos/1.png", "--class", "eleven")]
    [InlineData("has no feature map named conv3 (did you mean conv", "photos/1.png", "--layer", "conv3")]
    [InlineData("Both images and --judge are given", "photos/1.png", "--judge", "photos")]
    public void Wrong_argument_is_refused(string words, params string[] arguments)
    {
        var (exitCode, _, error) = CommandLineProcess.Run(
            ["explain", folder["model.onnx"], .. arguments.Select(a => a.StartsWith("photos", StringComparison.Ordinal) ? folder[a] : a)]);
        Assert.Equal(1, exitCode);
        Assert.Contains(words, error, StringComparison.Ordinal);
    }
}
