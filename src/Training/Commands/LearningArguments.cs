using System.CommandLine;
using Fovea.Models.Architectures;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;
using Fovea.Training.Datasets;
using Fovea.Training.Optimizers;
using Fovea.Training.Recipes;

namespace Fovea.Training.Commands;

/// <summary>The options that train and finetune share. Options that are not given take their values from a <see cref="Recipe"/>.</summary>
internal sealed class LearningArguments
{
    private readonly Option<int?> epochs = new("--epochs")
    {
        Description = "The number of passes over the training images, 1 to 100000. Default: 10; 5 for finetune.",
        HelpName = "number",
    };

    private readonly Option<int?> batchSize = new("--batch-size")
    {
        Description = "The number of images in a step, 1 to 65536. Default: 32; 16 for finetune; all images if there are fewer.",
        HelpName = "number",
    };

    private readonly Option<int?> microBatch = new("--micro-batch")
    {
        Description = "The number of images that run at once, a divisor of the batch size. The gradients of a batch's parts are added, "
            + "so a smaller number needs less memory and gives the same step. Default: the batch size.",
        HelpName = "number",
    };

    private readonly Option<double?> learningRate = new("--learning-rate")
    {
        Description = "The highest learning rate of the schedule, over 0 and at most 100. Default: the network's, or the optimizer's.",
        HelpName = "number",
    };

    private readonly Option<string?> schedule = new("--schedule")
    {
        Description = "The decay of the learning rate: constant, step (a tenth after each third of the run) or cosine (to zero). "
            + "Default: cosine.",
    };

    private readonly Option<double?> warmUp = new("--warm-up")
    {
        Description = "The share of the steps in which the learning rate rises to its highest value, 0 to 0.5. "
            + "Default: the share of 100 steps, 0.03 to 0.2; 0.1 for finetune.",
        HelpName = "share",
    };

    private readonly Option<string?> optimizer = new("--optimizer")
    {
        Description = "The optimizer: adam, adamw or sgd. Default: the network's; sgd for finetune.",
    };

    private readonly Option<double?> momentum = new("--momentum")
    {
        Description = "The momentum of sgd, 0 to less than 1. Default: 0.9.",
        HelpName = "number",
    };

    private readonly Option<bool> nesterov = new("--nesterov") { Description = "Use Nesterov's momentum with sgd." };

    private readonly Option<double?> weightDecay = new("--weight-decay")
    {
        Description = "The weight decay, as PyTorch defines it, 0 to 1. Default: the network's; 0.01 for adamw.",
        HelpName = "number",
    };

    private readonly Option<double?> clip = new("--clip")
    {
        Description = "The largest norm of the gradient over all parameters, over 0. Default: no limit; 10 for finetune.",
        HelpName = "number",
    };

    private readonly Option<double?> labelSmoothing = new("--label-smoothing")
    {
        Description = "The share of each target that is spread over all classes, 0 to less than 1. Default: the network's.",
        HelpName = "share",
    };

    private readonly Option<double?> averaging = new("--averaging")
    {
        Description = "The decay, in each step, of the average of the weights, 0 to less than 1. The average is validated and saved "
            + "instead of the weights. 0 uses the weights themselves. Default: the network's.",
        HelpName = "number",
    };

    private readonly Option<string?> augmentation = new("--augmentation")
    {
        Description = $"The random changes to training images: {Augmentation.Usage}. Example: photos,rotation=10. "
            + $"Default: digits for handwriting; for inputs of at most {Architecture.SmallSide} pixels small for colour images, small-gray "
            + "for gray ones; photos for other images.",
        HelpName = "preset[,name=value ...]",
    };

    private readonly Option<int?> patience = new("--patience")
    {
        Description = "The number of epochs without a lower validation loss after which training ends, 1 to 100000. "
            + "Default: no limit; 2 for finetune without --epochs.",
        HelpName = "number",
    };

    private readonly Option<double?> checkpointSeconds = new("--checkpoint-seconds")
    {
        Description = "The time between two checkpoints within an epoch in seconds, 0 to 86400. An epoch also ends with a checkpoint, "
            + "unless it took less than ten times as long as writing one. Default: 60.",
        HelpName = "seconds",
    };

    private readonly Option<bool> resume = new("--resume")
    {
        Description = "Continue from the checkpoint beside the output file, if it exists.",
    };

    private readonly Option<string> device = Arguments.Device();
    private readonly Option<long> seed = Arguments.Seed();

    public LearningArguments()
    {
        schedule.AcceptOnlyFromAmong([.. Schedule.ByName.Keys]);
        optimizer.AcceptOnlyFromAmong([.. Optimizer.Names]);
    }

    /// <summary>Whether to print events as JSON.</summary>
    public Option<bool> JsonLines { get; } = new("--json-lines")
    {
        Description = "Print one JSON event per line, and stop when standard input closes.",
    };

    /// <summary>Adds these options and a command's own options to the command, in groups.</summary>
    /// <param name="command">The command.</param>
    /// <param name="data">The command's options for the data set.</param>
    /// <param name="output">The command's options for its output.</param>
    public void AddTo(GroupedCommand command, Option[] data, Option[] output)
    {
        command.Add(new OptionGroup("Data", [.. data, augmentation]));
        command.Add(new OptionGroup("Length and batches", epochs, patience, batchSize, microBatch));
        command.Add(new OptionGroup(
            "Optimization",
            optimizer, learningRate, schedule, warmUp, momentum, nesterov, weightDecay, labelSmoothing, clip, averaging));
        command.Add(new OptionGroup("Output", [.. output, checkpointSeconds, resume, JsonLines]));
        command.Add(new OptionGroup("Execution", device, seed));
    }

    /// <summary>Returns the names of the given options that have no effect if only a head is trained.</summary>
    public IReadOnlyList<string> GivenOfSteps(ParseResult parsed) =>
        [.. OfSteps.Where(option => parsed.GetResult(option) is { Implicit: false }).Select(option => option.Name)];

    /// <summary>The seed of the run.</summary>
    public long SeedOf(ParseResult parsed) => parsed.GetValue(seed);

    /// <summary>Selects the device. Commands call this before they read data, so that a missing device fails early.</summary>
    /// <exception cref="FoveaException">The device is cuda, which does not work on this machine.</exception>
    public Device Device(ParseResult parsed) => Arguments.Chosen(parsed.GetRequiredValue(device));

    /// <summary>Returns the options of a run.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="recipe">The values of the options that are not given.</param>
    /// <param name="data">The data set; its size limits the default batch size.</param>
    /// <param name="output">The path of the model to write.</param>
    /// <param name="runsOn">The device.</param>
    /// <param name="defaults">
    /// The default warm-up, and the default patience of a run whose number of epochs is not given; a null patience never ends the run
    /// early.
    /// </param>
    /// <exception cref="FoveaException">A value is out of range, or two options exclude each other.</exception>
    public TrainingOptions Read(
        ParseResult parsed,
        Recipe recipe,
        DatasetFolder data,
        string output,
        Device runsOn,
        (double WarmUp, int? Patience)? defaults = null) => new LearningChoices
        {
            Epochs = parsed.GetValue(epochs),
            BatchSize = parsed.GetValue(batchSize),
            MicroBatch = parsed.GetValue(microBatch),
            LearningRate = parsed.GetValue(learningRate),
            Schedule = parsed.GetValue(schedule),
            WarmUp = parsed.GetValue(warmUp),
            Optimizer = parsed.GetValue(optimizer),
            Momentum = parsed.GetValue(momentum),
            Nesterov = parsed.GetValue(nesterov),
            WeightDecay = parsed.GetValue(weightDecay),
            Clip = parsed.GetValue(clip),
            LabelSmoothing = parsed.GetValue(labelSmoothing),
            Averaging = parsed.GetValue(averaging),
            Augmentation = parsed.GetValue(augmentation),
            Patience = parsed.GetValue(patience),
            BetweenCheckpoints = parsed.GetValue(checkpointSeconds) is { } seconds
                ? Seconds(seconds)
                : LearningChoices.UsualTimeBetweenCheckpoints,
            Resume = parsed.GetValue(resume),
            Seed = parsed.GetValue(seed),
        }.Options(recipe, data, output, runsOn, defaults);

    private IEnumerable<Option> OfSteps =>
    [
        epochs, batchSize, microBatch, learningRate, schedule, warmUp, optimizer, momentum, nesterov, weightDecay, clip, labelSmoothing,
        averaging, patience, checkpointSeconds, resume,
    ];

    private static TimeSpan Seconds(double seconds) => seconds is >= 0 and <= 86_400
        ? TimeSpan.FromSeconds(seconds)
        : throw new FoveaException(ErrorCode.BadArgument, $"--checkpoint-seconds is {seconds}; expected 0 to 86400.");
}
