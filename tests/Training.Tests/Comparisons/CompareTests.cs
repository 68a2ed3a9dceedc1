using System.Text.Json;
using System.Xml.Linq;
using Fovea.Models.Errors;
using Fovea.Training.Comparisons;
using Fovea.Training.Tests.Commands;

namespace Fovea.Training.Tests.Comparisons;

/// <summary>Compares runs by their reports.</summary>
public sealed class CompareTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public CompareTests()
    {
        Write("slow.report.json", """
            {
              "images": 40, "wrong": 4, "macroAccuracy": 0.9,
              "evaluation": {
                "accuracy": 0.9, "loss": 0.25, "classes": [
                  {"label": "ants", "precision": 0.9, "recall": 0.9, "f1": 0.9, "support": 20},
                  {"label": "bees", "precision": 0.9, "recall": 0.9, "f1": 0.9, "support": 20}]
              },
              "calibration": {"expectedError": 0.03, "bins": []},
              "epochs": [
                {"epoch": 1, "loss": 0.6, "validationLoss": 0.5, "validationAccuracy": 0.7},
                {"epoch": 2, "loss": 0.4, "validationLoss": 0.25, "validationAccuracy": 0.9}],
              "penalties": [],
              "provenance": {
                "model": "slow", "base": "resnet18", "seconds": 61.5,
                "training": {"dataset": "hymenoptera", "images": 240, "bestEpoch": 2},
                "settings": {"epochs": "2", "learning rate": "0.001", "seed": "1", "validation images": "HASH"},
                "versions": {"Fovea": "0.1.0"}
              }
            }
            """);
        Write("fast.report.json", """
            {
              "images": 40, "wrong": 2, "macroAccuracy": 0.95,
              "evaluation": {
                "accuracy": 0.95, "loss": 0.125, "classes": [
                  {"label": "ants", "precision": 1, "recall": 0.9, "f1": 0.947, "support": 20},
                  {"label": "bees", "precision": 0.91, "recall": 1, "f1": 0.952, "support": 20}]
              },
              "calibration": {"expectedError": 0.05, "bins": []},
              "epochs": [],
              "penalties": [{"penalty": 0.01, "loss": 0.2, "chosen": false}, {"penalty": 0.001, "loss": 0.15, "chosen": true}],
              "provenance": {
                "model": "fast", "base": "resnet18", "seconds": 3.5,
                "training": {"dataset": "hymenoptera", "images": 240},
                "settings": {"penalty": "0.001", "seed": "1", "validation images": "HASH"},
                "versions": {"Fovea": "0.1.0"}
              }
            }
            """);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Text_has_figures_settings_curves_and_classes()
    {
        string[] files = ["slow.report.json", "fast.report.json"];
        var comparison = RunComparison.Of([.. files.Select(file => ComparedRun.Read(folder[file]) with { File = file })]);
        Assert.Equal(
            """
            Runs
                                 slow              fast
            report               slow.report.json  fast.report.json
            data set             hymenoptera       hymenoptera

            Figures (* marks the best)
                                 slow              fast
            accuracy             90.00 %           95.00 % *
            mean class accuracy  90.00 %           95.00 % *
            loss                 0.2500            0.1250 *
            calibration error    3.00 % *          5.00 %
            validation images    40                40
            wrong                4                 2 *
            best epoch           2                 -
            training time        61.5 s            3.5 s *

            Settings that differ
                                 slow              fast
            epochs               2                 -
            learning rate        0.001             -
            penalty              -                 0.001

            Validation loss by epoch
                                 slow              fast
            1                    0.5000            -
            2                    0.2500            -

            Validation accuracy by epoch
                                 slow              fast
            1                    70.00 %           -
            2                    90.00 %           -

            Loss by penalty, in cross-validation
                                 slow              fast
            0.001                -                 0.1500
            0.01                 -                 0.2000

            F1 by class
                                 slow              fast
            ants                 90.00 %           94.70 %
            bees                 90.00 %           95.20 %

            """,
            ComparisonText.Of(comparison));
    }

    [Fact]
    public void Json_has_all_values_and_the_settings_that_differ()
    {
        var (exitCode, output, error) = CommandLineProcess.Run(
            "compare", folder["slow.report.json"], folder["fast.report.json"], "--json", "-o", folder["page.html"]);
        Assert.True(exitCode == 0, error);
        using var json = JsonDocument.Parse(output);
        var runs = json.RootElement.GetProperty("runs");
        Assert.Equal(["slow", "fast"], runs.EnumerateArray().Select(run => run.GetProperty("model").GetString()));
        Assert.Equal(0.95, runs[1].GetProperty("figures").GetProperty("accuracy").GetDouble());
        Assert.Equal(2, runs[0].GetProperty("epochs").GetArrayLength());
        Assert.Equal(
            ["epochs [\"2\",null]", "learning rate [\"0.001\",null]", "penalty [null,\"0.001\"]"],
            json.RootElement.GetProperty("differences").EnumerateObject().Select(setting => $"{setting.Name} {setting.Value}"));
        Assert.True(json.RootElement.GetProperty("sameValidation").GetBoolean());

        var page = XDocument.Load(folder["page.html"]);
        Assert.Equal("slow, fast", page.Descendants("h1").Single().Value);
        Assert.Equal(
            ["Validation loss", "Validation accuracy", "Training loss", "Loss in cross-validation"],
            page.Descendants("svg").Select(svg => svg.Element("title")!.Value));
        Assert.Contains(page.Descendants("td"), cell => cell.Value == "95.00 % *");
        Assert.Empty(page.Descendants("script"));
        var ids = page.Descendants().Attributes("id").Select(id => $"#{id.Value}").ToHashSet();
        Assert.All(page.Descendants().Attributes("href"), link => Assert.Contains(link.Value, ids));
    }

    [Fact]
    public void Reports_of_real_runs_are_compared()
    {
        foreach (var seed in (string[])["1", "2"])
        {
            var trained = CommandLineProcess.Run(
                "train", "lenet5", "--data", Mnist.Folder, "--epochs", "1", "--seed", seed, "-o", folder[$"seed{seed}.onnx"]);
            Assert.True(trained.ExitCode == 0, trained.Error);
        }

        var (exitCode, output, error) = CommandLineProcess.Run("compare", folder["seed1.report.json"], folder["seed2.report.json"]);
        Assert.True(exitCode == 0, error);
        Assert.Matches(@"(?m)^seed +1 +2$", output);
        Assert.Matches(@"(?m)^accuracy +\d+\.\d\d %", output);
    }

    [Fact]
    public void Runs_with_other_validation_images_say_that_their_figures_cannot_be_compared()
    {
        Write("other.report.json", """{"images": 41, "evaluation": {"accuracy": 1, "classes": []}, "provenance": {"settings": {}}}""");
        var comparison = RunComparison.Read([folder["slow.report.json"], folder["other.report.json"]]);
        Assert.False(comparison.HasSameValidation);
        Assert.Equal(["slow", "other"], comparison.Names);
        Assert.EndsWith($"{ComparisonText.OtherImages}\n", ComparisonText.Of(comparison), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", "is JSON, but not a report; expected a file FILE.report.json")]
    [InlineData("""{"provenance": {"settings": {}}, "evaluation": {}}""", "is JSON, but not a report")]
    [InlineData("text", "is not JSON; expected")]
    public void File_that_is_no_report_is_named(string content, string reason)
    {
        Write("bad.json", content);
        var refused = Assert.Throws<FoveaException>(() => RunComparison.Read([folder["slow.report.json"], folder["bad.json"]]));
        Assert.Contains($"{folder["bad.json"]} {reason}", refused.Message, StringComparison.Ordinal);
        refused = Assert.Throws<FoveaException>(() => RunComparison.Read([folder["slow.report.json"]]));
        Assert.Equal("1 report is given; expected at least 2 to compare.", refused.Message);
    }

    private void Write(string name, string report) =>
        File.WriteAllText(folder[name], report.Replace("HASH", new string('a', 64), StringComparison.Ordinal));
}
