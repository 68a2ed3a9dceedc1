using System.CommandLine;
using System.Text;
using Fovea.Models.Files;
using Fovea.Models.Pretrained;
using Fovea.Training.DataQuality;
using Fovea.Training.Datasets;
using Fovea.Training.Downloads;
using Fovea.Training.Progress;
using Fovea.Training.Recipes;
using Fovea.Training.Reports;
using Fovea.Training.TransferLearning;

namespace Fovea.Training.Commands;

/// <summary>The <c>data check</c> command: finds what is wrong with a data set.</summary>
internal sealed class DataCheckCommand
{
    // The largest number of findings that the text lists for each check. The HTML page and the JSON list more.
    private const int Listed = 10;

    private readonly Argument<string> data = new("DATASET") { Description = Arguments.DatasetFolder };

    private readonly Option<string?> start = new("--base")
    {
        Description = "The network whose features judge the labels: a pretrained base, which the command pretrained lists, or an .onnx "
            + $"file. Default: {PretrainedBases.BuiltIn}, which is part of Fovea.",
        HelpName = "name|file",
    };

    private readonly Option<string> weights = BaseArguments.WeightsFolder();
    private readonly Option<string> device = Arguments.Device();
    private readonly Option<bool> json = Arguments.Json();

    private readonly Option<string?> output = new("--output", "-o")
    {
        Description = "Also write the findings as an HTML page with pictures to this file.",
        HelpName = "file",
    };

    private DataCheckCommand()
    {
    }

    public static Command Create()
    {
        var options = new DataCheckCommand();
        var command = new Command(
            "check",
            "Finds what is wrong with a data set: unreadable, duplicate, blurry, dark, tiny and odd-sized images, leaks between its parts, "
            + "imbalance, and labels that are probably wrong. It changes nothing.")
        {
            options.data, options.start, options.weights, options.device, options.json, options.output,
        };
        command.SetWork(options.Run);
        return command;
    }

    private void Run(ParseResult parsed, CancellationToken stop)
    {
        var page = parsed.GetValue(output);
        BaseArguments.RefuseUnused(parsed, parsed.GetValue(start), weights);
        if (page is not null)
        {
            AtomicFile.EnsureWritable(page);
        }

        var chosen = Arguments.Chosen(parsed.GetRequiredValue(device));
        var model = BaseArguments.Read(
            parsed.GetValue(start), null, parsed.GetRequiredValue(weights), PublishedWeights.Torchvision, Console.Error.WriteLine, stop);
        var folder = DatasetFolder.OpenForCheck(parsed.GetRequiredValue(data), model.Preprocessing);
        var images = CheckedImages.Of(folder.Folder, folder.Name, folder.Parts, stop);
        var progress = parsed.GetValue(json) ? null : Progress(LabelPredictions.CountOf(images.All));
        int done = 0;
        images = images.With(LabelPredictions.Of(model, images.All, chosen, count => progress?.Show(done += count), stop));
        progress?.Clear();
        var health = HealthCheck.Of(images);
        if (page is not null)
        {
            var augmentation = ImageRecipe.AugmentationFor(ImageTraits.Of(folder.Sample, folder.Train));
            var text = HealthPage.Of(images, health, new(folder.Train, augmentation, Seed: 1));
            AtomicFile.Write(page, stream => stream.Write(Encoding.UTF8.GetBytes(text)));
        }

        Console.WriteLine(parsed.GetValue(json) ? health.ToJson() : HealthPage.Text(health, Listed).TrimEnd());
    }

    private static CountProgress Progress(int count) =>
        new(Console.Error, Console.IsErrorRedirected ? null : () => Console.WindowWidth, TimeProvider.System, count);
}
