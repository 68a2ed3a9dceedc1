using System.Text.Json;
using System.Xml.Linq;
using static Fovea.Training.Tests.DataQuality.DrawnPhotos;

namespace Fovea.Training.Tests.Commands;

[Trait("Needs", "time")]
public sealed class DataCheckCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void Check_finds_wrong_labels_and_writes_JSON_and_a_page_with_pictures()
    {
        for (int i = 0; i < 14; i++)
        {
            Write(folder[$"data/train/red/{i}.jpg"], Draw(i));
            Write(folder[$"data/train/blue/{i}.jpg"], Draw(i + 100, hue: 240));
        }

        // One picture of each kind has the other label, and one is in both parts.
        Write(folder["data/val/red/wrong.jpg"], Draw(200, hue: 240));
        Write(folder["data/val/blue/wrong.jpg"], Draw(201));
        File.Copy(folder["data/train/red/3.jpg"], folder["data/val/red/leak.jpg"]);
        var (exitCode, output, error) = CommandLineProcess.Run("data", "check", folder["data"], "--json", "-o", folder["health.html"]);
        Assert.Equal((0, ""), (exitCode, error));

        using var health = JsonDocument.Parse(output);
        Assert.Equal(31, health.RootElement.GetProperty("images").GetInt32());
        var labels = Check(health, "labels");
        string[] suspects = [.. labels.EnumerateArray().Take(2).Select(FileOf).Order()];
        Assert.Equal(["val/blue/wrong.jpg", "val/red/wrong.jpg"], suspects);
        Assert.Equal("val", labels[0].GetProperty("images")[0].GetProperty("part").GetString());
        Assert.Equal(2, Check(health, "leaks")[0].GetProperty("images").GetArrayLength());

        var page = XDocument.Parse(File.ReadAllText(folder["health.html"])[("<!DOCTYPE html>".Length)..]);
        string[] pictures = [.. page.Descendants("img").Select(img => img.Attribute("src")!.Value)];
        Assert.All(pictures, source => Assert.StartsWith("data:image/", source, StringComparison.Ordinal));
        Assert.True(pictures.Length >= 4 + 16);
        Assert.NotNull(page.Descendants("section").Single(section => section.Attribute("id")!.Value == "batch"));

        static JsonElement Check(JsonDocument health, string name) => health.RootElement.GetProperty("checks").EnumerateArray()
            .Single(check => check.GetProperty("check").GetString() == name).GetProperty("findings");

        static string FileOf(JsonElement finding) => finding.GetProperty("images")[0].GetProperty("file").GetString()!;
    }

    [Fact]
    public void Each_of_several_labels_is_judged_by_itself()
    {
        var list = new List<string> { "file,labels", "wrong.jpg,red;any" };
        Write(folder["data/wrong.jpg"], Draw(300, hue: 240));
        for (int i = 0; i < 12; i++)
        {
            Write(folder[$"data/red{i}.jpg"], Draw(i));
            Write(folder[$"data/blue{i}.jpg"], Draw(i + 100, hue: 240));
            list.AddRange([$"red{i}.jpg,red;any", $"blue{i}.jpg,blue;any"]);
        }

        File.WriteAllLines(folder["data/labels.csv"], list);
        var (exitCode, output, error) = CommandLineProcess.Run("data", "check", folder["data"], "--json");
        Assert.Equal((0, ""), (exitCode, error));
        using var health = JsonDocument.Parse(output);
        Assert.True(health.RootElement.GetProperty("multiLabel").GetBoolean());
        JsonElement[] doubts =
        [
            .. health.RootElement.GetProperty("checks").EnumerateArray()
                .Single(check => check.GetProperty("check").GetString() == "labels").GetProperty("findings").EnumerateArray(),
        ];
        Assert.All(doubts.Take(2), doubt => Assert.Equal("wrong.jpg", doubt.GetProperty("images")[0].GetProperty("file").GetString()));
        var reasons = doubts.Select(doubt => doubt.GetProperty("reason").GetString()!);
        Assert.Contains(reasons, reason => reason.StartsWith("Not labelled blue, which seems", StringComparison.Ordinal));
    }

    [Fact]
    public void Text_says_that_nothing_is_wrong_and_what_was_not_checked()
    {
        for (int i = 0; i < 4; i++)
        {
            Write(folder[$"data/red/{i}.jpg"], Draw(i));
            Write(folder[$"data/blue/{i}.jpg"], Draw(i + 100, hue: 240));
        }

        var (exitCode, output, _) = CommandLineProcess.Run("data", "check", folder["data"]);
        Assert.Equal(0, exitCode);
        Assert.StartsWith("Nothing suspicious was found in 8 images of 2 classes.", output, StringComparison.Ordinal);
        Assert.Contains("Suspected labels: not checked. Labels were not judged, because", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Finetune_leaves_leaks_out_and_its_report_has_the_health_and_a_batch()
    {
        for (int i = 0; i < 8; i++)
        {
            Write(folder[$"data/train/red/{i}.jpg"], Draw(i));
            Write(folder[$"data/train/blue/{i}.jpg"], Draw(i + 100, hue: 240));
        }

        Write(folder["data/val/red/leak.jpg"], Draw(3), quality: 60);
        Write(folder["data/val/red/wrong.jpg"], Draw(200, hue: 240));
        Write(folder["data/val/blue/other.jpg"], Draw(201, hue: 240));
        var (exitCode, output, error) = CommandLineProcess.Run(
            "finetune", "--data", folder["data"], "--method", "head", "-o", folder["model.onnx"]);
        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains(
            "leak: 1 training image is a copy of a validation image, and is left out of training: train/red/3.jpg",
            output,
            StringComparison.Ordinal);

        using var report = JsonDocument.Parse(File.ReadAllText(folder["model.report.json"]));
        var checks = report.RootElement.GetProperty("health").GetProperty("checks").EnumerateArray();
        var labels = checks.Single(check => check.GetProperty("check").GetString() == "labels").GetProperty("findings");
        Assert.Equal("val/red/wrong.jpg", labels[0].GetProperty("images")[0].GetProperty("file").GetString());
        var page = XDocument.Parse(File.ReadAllText(folder["model.html"])[("<!DOCTYPE html>".Length)..]);
        string[] sections = [.. page.Descendants("section").Select(section => section.Attribute("id")!.Value)];
        Assert.Contains("health", sections);
        Assert.Contains("batch", sections);
    }

    [Fact]
    public void Folder_that_does_not_exist_is_one_clear_sentence()
    {
        var (exitCode, output, error) = CommandLineProcess.Run("data", "check", folder["nothing"]);
        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains("nothing does not exist; expected a data set", error, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();
}
