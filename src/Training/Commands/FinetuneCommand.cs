using System.CommandLine;
using System.Diagnostics;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.TrainingEvents;
using Fovea.Training.DataQuality;
using Fovea.Training.Datasets;
using Fovea.Training.Downloads;
using Fovea.Training.Progress;
using Fovea.Training.Recipes;
using Fovea.Training.TransferLearning;

namespace Fovea.Training.Commands;

/// <summary>The <c>finetune</c> command: trains an existing network for new classes.</summary>
internal sealed class FinetuneCommand
{
    private readonly BaseArguments start = new();
    private readonly Option<string> data = Arguments.Data();
    private readonly Option<string?> preprocessing = Arguments.Preprocessing();
    private readonly LearningArguments learning = new();

    private readonly Option<string?> output = new("--output", "-o")
    {
        Description = "The .onnx file to write. Default with --publish: the name, with .onnx.",
        HelpName = "file",
    };

    private readonly ReportArguments report = new();

    private readonly Option<string> method = new("--method")
    {
        Description = "The weights to train: head (only a new last layer, on features that the other layers compute once), partial (also "
            + "the last quarter of the layers) or full (all layers), both starting with the best head and training the old layers at a "
            + "tenth of the learning rate; or auto (the head, unless partial or full is measured to do better within --minutes).",
        DefaultValueFactory = _ => "auto",
    };

    private readonly Option<double> minutes = new("--minutes")
    {
        Description = "The time that the method auto may take from the command's start to its end, 0 to 10080 minutes. The head is always "
            + "trained, even if that alone takes longer.",
        DefaultValueFactory = _ => 1,
        HelpName = "number",
    };

    private readonly Option<string> classWeights = new("--class-weights")
    {
        Description = "How much an image of each class counts: none (all the same), balanced (all classes the same, however many images "
            + "they have), or a JSON file with a number for each class, such as {\"cat\": 1, \"dog\": 2}.",
        DefaultValueFactory = _ => ClassWeights.None,
        HelpName = "balanced|none|file",
    };

    private readonly Option<string?> publish = new("--publish")
    {
        Description = "Also add the trained file to the model repository, as the next version of the model with this name.",
        HelpName = "name",
    };

    private readonly Option<string> repository = new("--repository")
    {
        Description = "The folder of the model repository for --publish.",
        DefaultValueFactory = _ => "onnx",
        HelpName = "folder",
    };

    private FinetuneCommand() =>
        method.AcceptOnlyFromAmong([.. Enum.GetNames<FineTuningMethod>().Select(name => name.ToLowerInvariant())]);

    public static Command Create()
    {
        var options = new FinetuneCommand();
        var command = new GroupedCommand(
            "finetune",
            "Trains an image classifier for new classes. A new last layer replaces the old one. "
            + "Options for epochs, optimization and checkpoints only affect the methods partial and full.")
        {
            options.start.FileOrName,
        };
        command.Add(new OptionGroup("Method", options.method, options.minutes, options.classWeights));
        options.learning.AddTo(
            command, [options.data, options.preprocessing, options.start.Weights], [options.output, options.publish, options.repository]);
        command.Add(new OptionGroup("Names", options.report.All));
        command.SetWork(options.Run);
        return command;
    }

    private void Run(ParseResult parsed, CancellationToken stop)
    {
        var path = Output(parsed);
        RefuseUnused(parsed);
        AtomicFile.EnsureWritable(path);
        var device = learning.Device(parsed);
        ProgressDisplay.Run(parsed.GetValue(learning.JsonLines), (tell, stop) =>
        {
            var model = report.Named(
                start.Read(parsed, parsed.GetValue(preprocessing), PublishedWeights.Torchvision, tell, stop), parsed);
            var (dataset, check) = TrainingCheck.Of(
                DatasetFolder.OpenForTraining(parsed.GetRequiredValue(data), model.Preprocessing), learning.SeedOf(parsed), stop);
            var publisher = parsed.GetValue(publish) is { } name
                ? new RepositoryPublisher(parsed.GetRequiredValue(repository), name)
                : null;
            publisher?.Check(dataset.Train.Labels);
            var chosen = Enum.Parse<FineTuningMethod>(parsed.GetRequiredValue(method), ignoreCase: true);
            var usual = learning.Read(parsed, FineTuningRecipe.Usual, dataset, path, device, FineTuningRecipe.Defaults);
            var options = Options(parsed, usual, chosen, dataset);
            options = report.Named(options, parsed, parsed.GetValue(publish)) with { Check = check };
            if (chosen == FineTuningMethod.Head && learning.GivenOfSteps(parsed) is { Count: > 0 } unused)
            {
                tell(new OptionsUnused(unused));
            }

            new FineTuner(model, dataset, options, tell).Run(chosen, stop);
            if (publisher?.Publish(path) is var (version, place, serves))
            {
                tell(new ModelPublished(parsed.GetValue(publish)!, version, place, serves));
            }
        }, stop);
    }

    private string Output(ParseResult parsed) => (parsed.GetValue(output), parsed.GetValue(publish)) switch
    {
        ({ } path, _) => path,
        (null, { } name) => $"{name}.onnx",
        _ => throw new FoveaException(
            ErrorCode.BadArgument, "fovea finetune lacks --output or --publish. fovea finetune --help shows the usage."),
    };

    private void RefuseUnused(ParseResult parsed)
    {
        start.RefuseUnused(parsed);
        if (parsed.GetValue(method) is { } chosen and not "auto")
        {
            UnusedOptions.Refuse(parsed, $"--method is {chosen}", "with --method auto", minutes);
        }

        if (parsed.GetValue(publish) is null)
        {
            UnusedOptions.Refuse(parsed, "--publish is not given", "with --publish", repository);
        }
    }

    private TrainingOptions Options(ParseResult parsed, TrainingOptions options, FineTuningMethod chosen, DatasetFolder dataset)
    {
        double most = parsed.GetValue(minutes);
        if (most is not (>= 0 and <= 10_080))
        {
            throw new FoveaException(ErrorCode.BadArgument, $"--minutes is {most}; expected 0 to 10080.");
        }

        using var process = Process.GetCurrentProcess();
        return options with
        {
            ClassWeights = ClassWeights.Read(parsed.GetRequiredValue(classWeights), dataset.ForTraining(options.Seed).Train),
            TimeLimit = chosen == FineTuningMethod.Auto ? TimeSpan.FromMinutes(most) - Age(process) : null,
        };
    }

    private static TimeSpan Age(Process process) => TimeProvider.System.GetUtcNow().UtcDateTime - process.StartTime.ToUniversalTime();
}
