using System.Xml.Linq;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Evaluations;
using Fovea.Training.Recipes;
using Fovea.Training.Reports;

namespace Fovea.Training.Tests.Reports;

public class PageTests
{
    [Fact]
    public void Beyond_20_classes_the_most_confused_pairs_are_listed_the_worst_first()
    {
        var outcomes = Enumerable.Range(0, 30).SelectMany(target => new[] { Sure(target, target), Sure(target, target == 7 ? 8 : target) })
            .Append(Sure(3, 4)).Append(Sure(7, 8));
        var rows = Part(Report(outcomes, 30), "confusion")
            .Descendants("tbody").Single().Elements("tr")
            .Select(row => row.Elements().Select(c => c.Value).ToArray());
        Assert.Equal([["class 7", "class 8", "2", "66.7\u00a0%"], ["class 3", "class 4", "1", "33.3\u00a0%"]], rows);
    }

    [Fact]
    public void Up_to_20_classes_the_matrix_is_complete()
    {
        var rows = Part(Report([Sure(0, 0), Sure(0, 1), Sure(1, 1), Sure(2, 0)], 20), "confusion")
            .Descendants("tbody").Single().Elements("tr").ToArray();
        Assert.Equal(20, rows.Length);
        Assert.All(rows, row => Assert.Equal(21, row.Elements().Count()));
        Assert.Equal(["1", "1", "·"], rows[0].Elements("td").Take(3).Select(c => c.Value));
        Assert.Equal(["1", "·", "0"], rows[2].Elements("td").Take(3).Select(c => c.Value));
    }

    [Fact]
    public void With_many_classes_the_weakest_come_first_and_all_can_be_expanded()
    {
        var classes = Part(Report(Enumerable.Range(0, 60).Select(i => Sure(i, i == 33 ? 34 : i)), 60), "classes");
        Assert.Equal("class 33", classes.Descendants("tbody").First().Elements("tr").First().Element("th")!.Value);
        Assert.Equal(60, classes.Element("details")!.Descendants("tbody").Single().Elements("tr").Count());
    }

    [Fact]
    public void Without_epochs_or_mistakes_the_page_says_so()
    {
        var page = Report([Sure(0, 0), Sure(1, 1)], 2);
        Assert.Contains("does not say how its last layer was trained", Part(page, "curves").Value, StringComparison.Ordinal);
        Assert.Contains("There are no mistakes", Part(page, "mistakes").Value, StringComparison.Ordinal);
        Assert.Contains("No file of the data set was left out", Part(page, "provenance").Value, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_of_one_epoch_has_a_curve()
    {
        var run = new RunRecord([new EpochDone(1, 0.01, 0.5, 0.8, 0.4, 0.9, true, 0)], new RunSettings(), 1);
        var circles = Part(Report([Sure(0, 0), Sure(1, 1)], 2, run), "curves").Descendants("circle").ToArray();
        Assert.Equal(5, circles.Length);
        Assert.All(
            circles,
            c => Assert.InRange(double.Parse(c.Attribute("cy")!.Value, System.Globalization.CultureInfo.InvariantCulture), 0, 250));
    }

    [Fact]
    public void Files_that_were_left_out_are_listed_with_the_reason()
    {
        var run = new RunRecord([], new RunSettings { Seed = "7" }, 4000, "base.onnx", [new("bees/<b>.jpg", "The JPEG is damaged.")]);
        var provenance = Part(Report([Sure(0, 0), Sure(1, 0)], 2, run), "provenance").Value;
        Assert.All(
            ["1 file that was left out", "bees/<b>.jpg", "The JPEG is damaged.", "base.onnx", "1 h 6 min"],
            text => Assert.Contains(text, provenance, StringComparison.Ordinal));
    }

    private static Outcome Sure(int target, int predicted)
    {
        var probabilities = Enumerable.Repeat(0.001f, 60).ToArray();
        probabilities[predicted] = 0.9f;
        return new(target, probabilities);
    }

    private static XDocument Report(IEnumerable<Outcome> outcomes, int classes, RunRecord? run = null)
    {
        var evaluation = Evaluation.Of([.. outcomes.Select(o => o with { Probabilities = o.Probabilities[..classes] })], classes);
        run ??= new([], new RunSettings(), 1);
        var provenance = new Provenance(
            "model.onnx",
            new string('0', 64),
            null,
            run.Base,
            null,
            run.Settings,
            DateTimeOffset.UnixEpoch,
            run.Seconds,
            InstalledVersions.Now,
            run.Refused ?? []);
        var report = new TrainingReport(
            evaluation.Outcomes.Count,
            evaluation.Outcomes.Count(o => !o.Right),
            evaluation.MacroAccuracy,
            EvaluationReport.Of(evaluation, [.. Enumerable.Range(0, classes).Select(i => $"class {i}")]),
            Calibration.Of(evaluation.Outcomes),
            run.Epochs,
            [],
            run.Fitted?.Fit,
            run.Fitted?.Thresholds ?? [],
            [],
            provenance);
        return XDocument.Parse(ReportPage.Of(report));
    }

    private static XElement Part(XDocument page, string id) => page.Descendants("section").Single(s => s.Attribute("id")!.Value == id);
}
