using System.Text.Json;
using System.Xml.Linq;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Runtime;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Datasets;
using Fovea.Training.Optimizers;
using Fovea.Training.Recipes;
using Fovea.Training.Reports;
using Fovea.Training.Runs;
using Fovea.Training.Tests.Commands;
using SkiaSharp;

namespace Fovea.Training.Tests.Reports;

public sealed class ReportTests(ReportTests.TrainedRun run) : IClassFixture<ReportTests.TrainedRun>
{
    [Fact]
    public void The_page_has_every_part_with_a_heading_and_an_explanation()
    {
        Assert.Equal(
            [
                "Learning curves", "Confusion matrix", "Classes", "Calibration", "Thresholds", "Worst mistakes", "Health of the data set",
                "A batch as the network sees it", "Provenance",
            ],
            run.Page.Descendants("section").Select(s => s.Element("h2")!.Value));
        Assert.All(run.Page.Descendants("section"), section => Assert.True(section.Elements("p").First().Value.Length > 40, section.Value));
        Assert.Equal(
            ["Loss", "Accuracy", "Learning rate", "Reliability diagram"],
            run.Page.Descendants("svg").Select(svg => svg.Element("title")!.Value).Take(4));
        var thresholds = run.Page.Descendants("section").Single(section => section.Attribute("id")!.Value == "thresholds");
        var classes = run.Report.GetProperty("evaluation").GetProperty("classes");
        Assert.Equal(classes.GetArrayLength(), thresholds.Descendants("svg").Count());
    }

    [Fact]
    public void The_page_loads_no_resources_and_runs_no_scripts()
    {
        Assert.Empty(run.Page.Descendants("script"));
        Assert.Empty(run.Page.Descendants("link"));
        Assert.DoesNotContain("url(", run.Page.Descendants("style").Single().Value, StringComparison.Ordinal);
        Assert.DoesNotContain("@import", run.Page.Descendants("style").Single().Value, StringComparison.Ordinal);
        Assert.All(
            run.Page.Descendants().Attributes("src"), source => Assert.StartsWith("data:image/", source.Value, StringComparison.Ordinal));
        var ids = run.Page.Descendants().Attributes("id").Select(id => $"#{id.Value}").ToHashSet();
        var inner = run.Page.Descendants().Attributes("href").Where(link => link.Value.StartsWith('#'));
        Assert.All(inner, link => Assert.Contains(link.Value, ids));
    }

    [Fact]
    public void Names_are_escaped()
    {
        Assert.DoesNotContain("<script", run.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("&lt;script&gt;alert(1)", run.Text, StringComparison.Ordinal);
        var classes = Part("classes").Descendants("tbody").Single().Elements("tr").Select(row => row.Element("th")!.Value);
        Assert.Equal(["<script>alert(1)", "a & \"b'", "bell\uFFFD"], classes);
    }

    [Fact]
    public void Elements_that_html_closes_with_a_tag_are_closed_with_one() =>
        Assert.DoesNotMatch("<(?!meta|img)[a-z0-9]+(?: [^<>]*)?/>", run.Text);

    [Fact]
    public void Settings_and_versions_have_the_names_of_the_format()
    {
        var provenance = run.Report.GetProperty("provenance");
        Assert.Equal(
            [
                "augmentation", "averaging", "base", "batch size", "clipping", "data set", "device", "epochs", "label smoothing",
                "learning rate", "micro-batch", "network", "optimizer", "patience", "schedule", "seed", "validation images",
                "what is learnt",
            ],
            provenance.GetProperty("settings").EnumerateObject().Select(setting => setting.Name));
        Assert.Equal(
            ["Fovea", "ONNX Runtime", "ML.NET", "SkiaSharp", ".NET", "System"],
            provenance.GetProperty("versions").EnumerateObject().Select(version => version.Name));
    }

    [Fact]
    public void Pictures_show_the_preprocessed_images_the_worst_first()
    {
        var mistakes = run.Report.GetProperty("mistakes").EnumerateArray().ToArray();
        Assert.Equal(
            mistakes.Select(m => m.GetProperty("loss").GetDouble()).OrderDescending(),
            mistakes.Select(m => m.GetProperty("loss").GetDouble()));
        Assert.Equal(
            mistakes.SelectMany(m => (string?[])[m.GetProperty("picture").GetString(), m.GetProperty("heatMap").GetString()]),
            Part("mistakes").Descendants("img").Select(img => img.Attribute("src")!.Value));
        foreach (var mistake in mistakes)
        {
            using var picture = SKBitmap.Decode(Convert.FromBase64String(mistake.GetProperty("picture").GetString()!.Split(',')[1]));
            Assert.Equal((32, 32), (picture.Width, picture.Height));
            Assert.Equal(TrainedRun.Colors[mistake.GetProperty("image").GetString()!.Split('/')[^1]], picture.GetPixel(16, 16));
            using var heatMap = SKBitmap.Decode(Convert.FromBase64String(mistake.GetProperty("heatMap").GetString()!.Split(',')[1]));
            Assert.Equal((32, 32), (heatMap.Width, heatMap.Height));
            Assert.NotEqual(picture.Pixels, heatMap.Pixels);
        }
    }

    // Each picture is in every class, so two of three answers are wrong for any network.
    [Fact]
    public void Up_to_24_mistakes_are_listed()
    {
        Assert.Equal(27, run.Report.GetProperty("images").GetInt32());
        Assert.Equal(18, run.Report.GetProperty("wrong").GetInt32());
        Assert.Equal(18, run.Report.GetProperty("mistakes").GetArrayLength());
        Assert.Equal(9 / 27.0, run.Report.GetProperty("evaluation").GetProperty("accuracy").GetDouble(), 1e-12);
    }

    [Fact]
    public void The_evaluation_equals_that_of_the_evaluate_command()
    {
        var (exitCode, output, error) = CommandLineProcess.Run("evaluate", run.Model, "--data", run.Data, "--json");
        Assert.True(exitCode == 0, error);
        Assert.Equal(output.Trim(), run.Report.GetProperty("evaluation").GetRawText());
        Assert.Equal(
            ["accuracy", "loss", "classes", "confusion"], run.Report.GetProperty("evaluation").EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public void Curves_have_each_epoch_of_a_resumed_run()
    {
        var epochs = run.Report.GetProperty("epochs").EnumerateArray().ToArray();
        Assert.Equal([1, 2, 3], epochs.Select(e => e.GetProperty("epoch").GetInt32()));
        Assert.All(epochs, e => Assert.InRange(e.GetProperty("validationLoss").GetDouble(), 0.1, 10));
        Assert.Equal(3, Part("curves").Descendants("tbody").Single().Elements("tr").Count());
        Assert.Equal(
            epochs.Select(e => e.GetProperty("learningRate").GetDouble()).OrderDescending(),
            epochs.Select(e => e.GetProperty("learningRate").GetDouble()));
    }

    [Fact]
    public void Provenance_has_everything_to_train_the_file_again()
    {
        using var model = Classifier.Load(run.Model);
        var text = Part("provenance").Value;
        Assert.Contains(model.Metadata.Training!.DatasetHash!, text, StringComparison.Ordinal);
        Assert.All(
            ["lenet5", "colours", "optimizer", "seed", "ONNX Runtime", "ML.NET", "random weights"],
            fact => Assert.Contains(fact, text, StringComparison.Ordinal));
        Assert.Contains(
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(run.Model))),
            text,
            StringComparison.Ordinal);
        Assert.InRange(run.Report.GetProperty("provenance").GetProperty("seconds").GetDouble(), 0.01, 600);
    }

    [Fact]
    public void The_report_has_no_folder_names()
    {
        Assert.DoesNotContain(Path.GetDirectoryName(run.Model)!, run.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(Path.GetDirectoryName(run.Model)!, run.Report.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public void Images_of_idx_files_are_shown_pixel_by_pixel_with_their_number()
    {
        using var folder = new TemporaryFolder();
        OnnxFile.Write(Catalog.Find("lenet5").Build(seed: 5), folder["model.onnx"]);
        var digits = DatasetFolder.Open(Mnist.Folder, Mnist.Preprocessing).Test!.Subset([40, 41, 42, 43, 44, 45, 46, 47, 48, 49]);
        var report = Report.Write(
            folder["model.onnx"], digits, new RunRecord([], new RunSettings(), 0), TestContext.Current.CancellationToken);
        Assert.NotEmpty(report.Mistakes);
        foreach (var mistake in report.Mistakes)
        {
            Assert.Matches("^image 4[0-9] of t10k-images-idx3-ubyte", mistake.Image);
            int index = mistake.Image["image 4".Length] - '0';
            using var picture = SKBitmap.Decode(Convert.FromBase64String(mistake.Picture.Split(',')[1]));
            Assert.Equal(digits.Labels[digits.Targets[index]], mistake.Label);
            Assert.Equal(digits.Image(index).Values, picture.Pixels.Select(p => p.Red));
        }
    }

    private XElement Part(string id) => run.Page.Descendants("section").Single(s => s.Attribute("id")!.Value == id);

    /// <summary>
    /// A run of three epochs with a stop in between. It has three classes with special characters in their names and the same pictures in
    /// each.
    /// </summary>
    public sealed class TrainedRun : IDisposable
    {
        public static readonly Dictionary<string, SKColor> Colors = Enumerable.Range(0, 9)
            .ToDictionary(i => $"{i}.png", i => new SKColor((byte)(i * 28), (byte)(250 - (i * 30)), (byte)(i % 3 * 100)));

        private readonly TemporaryFolder folder = new();

        public TrainedRun()
        {
            foreach (var label in new[] { "<script>alert(1)", "a & \"b'", "bell\u0007" })
            {
                foreach (var (name, color) in Colors)
                {
                    Draw(Path.Combine(Data, "train", label, name), color);
                    Draw(Path.Combine(Data, "val", label, name), color);
                }
            }

            var options = new TrainingOptions(
                Model, "colours", Epochs: 3, BatchSize: 9, LearningRate: 0.001, Optimizer.Create("adam"), Seed: 1, Resume: false);
            using var stop = new CancellationTokenSource();
            Assert.Throws<OperationCanceledException>(() => Train(options, e => (e is EpochDone ? stop : null)?.Cancel(), stop.Token));
            Train(options with { Resume = true }, _ => { }, TestContext.Current.CancellationToken);
            Text = File.ReadAllText(folder["model.html"]);
            Page = XDocument.Parse(Text);
            Report = JsonDocument.Parse(File.ReadAllText(folder["model.report.json"])).RootElement;
        }

        public string Model => folder["model.onnx"];

        public string Data => folder["colours"];

        public string Text { get; }

        public XDocument Page { get; }

        public JsonElement Report { get; }

        public void Dispose() => folder.Dispose();

        private void Train(TrainingOptions options, Action<TrainingEvent> tell, CancellationToken stop)
        {
            var network = Catalog.Find("lenet5").Build(3, new Shape(3, 32, 32), seed: 1);
            var preprocessing = new Preprocessing
            {
                Crop = [32, 32],
                Color = ColorOrder.Bgr,
                Mean = [0.4f, 0.5f, 0.6f],
                Std = [0.3f, 0.2f, 0.25f],
            };
            using var trainer = new Trainer(network, DatasetFolder.OpenForTraining(Data, preprocessing), options, tell);
            trainer.Run(stop);
        }

        private static void Draw(string path, SKColor color)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using var bitmap = new SKBitmap(32, 32);
            bitmap.Erase(color);
            using var png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
            File.WriteAllBytes(path, png.ToArray());
        }
    }
}
