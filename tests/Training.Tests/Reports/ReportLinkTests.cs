using System.Text.Json;
using System.Xml.Linq;
using Fovea.Training.Reports;
using Fovea.Training.Tests.Commands;

namespace Fovea.Training.Tests.Reports;

/// <summary>The numbers of the confusion matrix and the mistakes of a report lead to the images.</summary>
public sealed class ReportLinkTests(ReportTests.TrainedRun run) : IClassFixture<ReportTests.TrainedRun>
{
    [Fact]
    public void Each_number_of_the_matrix_leads_to_a_list_of_its_images()
    {
        var section = Section("confusion");
        var numbers = section.Descendants("td").Where(cell => cell.Value is not ("·" or "0")).ToArray();
        Assert.Equal(27, numbers.Sum(cell => int.Parse(cell.Value, null)));
        foreach (var number in numbers)
        {
            var target = number.Element("a")!.Attribute("href")!.Value;
            var list = section.Elements("div").Single(div => $"#{div.Attribute("id")?.Value}" == target);
            Assert.Equal(int.Parse(number.Value, null), list.Descendants("li").Count());
            Assert.All(list.Descendants("a"), link => Assert.True(File.Exists(FileOf(link)), link.Value));
        }
    }

    [Fact]
    public void Mistakes_lead_to_the_files_of_their_images()
    {
        var mistakes = run.Report.GetProperty("mistakes").EnumerateArray().ToArray();
        var shown = Section("mistakes").Descendants("li").ToArray();
        Assert.Equal(18, shown.Length);
        foreach (var (mistake, item) in mistakes.Zip(shown))
        {
            var links = item.Descendants("a").ToArray();
            Assert.Equal(2, links.Length);
            Assert.All(links, link => Assert.Equal(mistake.GetProperty("link").GetString(), link.Attribute("href")!.Value));
            Assert.EndsWith(mistake.GetProperty("image").GetString()!, FileOf(links[0]), StringComparison.Ordinal);
            Assert.True(File.Exists(FileOf(links[0])));
        }
    }

    [Fact]
    public void Cells_are_in_the_json_too()
    {
        var cells = run.Report.GetProperty("cells").EnumerateArray().ToArray();
        Assert.Equal(27, cells.Sum(cell => cell.GetProperty("count").GetInt32()));
        Assert.Equal(["label", "predicted", "count", "images"], cells[0].EnumerateObject().Select(property => property.Name));
    }

    [Fact]
    public void Names_and_addresses_of_the_command_line_are_those_of_the_report()
    {
        using var folder = new TemporaryFolder();
        var (exitCode, _, error) = CommandLineProcess.Run(
            "finetune", run.Model, "--data", run.Data, "--method", "head", "-o", folder["attempt-1.onnx"],
            "--model-name", "shades", "--base-name", "hues version 3", "--data-name", "my colours",
            "--image-address", "/datasets/ds_1/images/");
        Assert.True(exitCode == 0, error);
        using var json = JsonDocument.Parse(File.ReadAllText(Report.JsonOf(folder["attempt-1.onnx"])));
        var provenance = json.RootElement.GetProperty("provenance");
        Assert.Equal(
            ("shades", "hues version 3", "my colours"),
            (
                provenance.GetProperty("model").GetString(),
                provenance.GetProperty("base").GetString(),
                provenance.GetProperty("training").GetProperty("dataset").GetString()));
        var page = XDocument.Load(Report.PageOf(folder["attempt-1.onnx"]));
        Assert.Equal("shades on my colours", page.Descendants("h1").Single().Value);
        var links = page.Descendants("a").Attributes("href").Where(link => !link.Value.StartsWith('#')).ToArray();
        Assert.NotEmpty(links);
        Assert.All(links, link => Assert.StartsWith("/datasets/ds_1/images/val/", link.Value, StringComparison.Ordinal));
        Assert.Contains(links, link => link.Value.Contains("/%3Cscript%3Ealert%281%29/", StringComparison.Ordinal));
        Assert.DoesNotContain(run.Data, page.ToString(), StringComparison.Ordinal);
    }

    private XElement Section(string id) => run.Page.Descendants("section").Single(section => section.Attribute("id")!.Value == id);

    private string FileOf(XElement link) =>
        Path.Combine(Path.GetDirectoryName(run.Model)!, Uri.UnescapeDataString(link.Attribute("href")!.Value));
}
