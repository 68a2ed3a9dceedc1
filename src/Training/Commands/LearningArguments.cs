using System.CommandLine;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>The options of commands that train, each with its range and default; what is not given comes from a <see cref="Recipe"/>.</summary>
internal sealed class LearningArguments
{
    private readonly Option<int?> epochs = new("--epochs") { Description = "Passes over the training images, 1 to 100000; default: 10, and 5 for finetune." };
    private readonly Option<int?> batchSize = new("--batch-size") { Description = "Images in a step, 1 to 65536; default: 32, and 16 for finetune, or all of them where there are fewer." };
    private readonly Option<int?> microBatch = new("--micro-batch") { Description = "Images that are run at once, a divisor of the batch size, their gradients being added up: takes less memory; default: the whole batch." };
    private readonly Option<double?> learningRate = new("--learning-rate") { Description = "The highest learning rate of the schedule, over 0 and at most 100; default: the network's own, or the optimizer's." };
    private readonly Option<string?> schedule = new("--schedule") { Description = "How the learning rate falls: constant, step (a tenth after each third of the run) or cosine (to zero); default: cosine." };
    private readonly Option<double?> warmUp = new("--warm-up") { Description = "The share of the steps in which the learning rate rises, 0 to 0.5; default: 0.03." };
    private readonly Option<string?> optimizer = new("--optimizer") { Description = "How parameters move: adam, adamw or sgd; default: adam for lenet5, sgd for the others." };
    private readonly Option<double?> momentum = new("--momentum") { Description = "Momentum of sgd, 0 to less than 1; default: 0.9." };
    private readonly Option<bool> nesterov = new("--nesterov") { Description = "Nesterov's momentum, for sgd." };
    private readonly Option<double?> weightDecay = new("--weight-decay") { Description = "Weight decay as PyTorch has it, 0 to 1; default: the network's own; 0.01 for adamw." };
    private readonly Option<double?> clip = new("--clip") { Description = "The gradient's highest norm over all parameters, over 0; default: any, and 10 for finetune." };
    private readonly Option<double?> labelSmoothing = new("--label-smoothing") { Description = "The share of each target that is spread over all classes, 0 to less than 1; default: the network's own." };
    private readonly Option<double?> averaging = new("--averaging") { Description = "The decay, at each step, of the average of the weights that is validated and kept in their place, 0 to less than 1; 0: the weights themselves; default: the network's own." };
    private readonly Option<string?> augmentation = new("--augmentation") { Description = $"How images are changed before they are learnt from: {Augmentation.Usage}, as in photos,rotation=10; default: digits for handwriting, photos for the rest." };
    private readonly Option<int?> patience = new("--patience") { Description = "Epochs without a lower validation loss after which training ends, 1 to 100000; default: never." };
    private readonly Option<double?> checkpointSeconds = new("--checkpoint-seconds") { Description = "Time between two checkpoints within an epoch, 0 to 86400; an epoch ends with one besides unless it was much shorter than writing one takes; default: 60." };
    private readonly Option<bool> resume = new("--resume") { Description = "Go on from the checkpoint beside the output, where there is one." };
    private readonly Option<string> device = Arguments.Device();
    private readonly Option<long> seed = Arguments.Seed();

    public LearningArguments()
    {
        schedule.AcceptOnlyFromAmong([.. Schedule.ByName.Keys]);
        optimizer.AcceptOnlyFromAmong([.. Optimizer.Names]);
    }

    /// <summary>Whether to print events as JSON.</summary>
    public Option<bool> JsonLines { get; } = new("--json-lines") { Description = "Print one JSON event per line, and stop when standard input closes." };

    /// <summary>Gives a command these options.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in OfSteps.Concat([device, seed, JsonLines]))
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The names of the options given that only concern training in steps.</summary>
    public IReadOnlyList<string> GivenOfSteps(ParseResult parsed) => [.. OfSteps.Where(option => parsed.GetResult(option) is { Implicit: false }).Select(option => option.Name)];

    /// <summary>What networks run on: chosen first, so that nothing is read in vain.</summary>
    /// <exception cref="FoveaException">It is cuda, which does not work here.</exception>
    public Device Device(ParseResult parsed) => Arguments.Chosen(parsed.GetRequiredValue(device));

    /// <summary>What a run is told.</summary>
    /// <exception cref="FoveaException">A value is out of range, or does not go with another.</exception>
    public TrainingOptions Read(ParseResult parsed, Recipe recipe, DatasetFolder data, string output, Device runsOn)
    {
        var chosen = parsed.GetValue(optimizer) ?? recipe.Optimizer;
        bool own = chosen == recipe.Optimizer;
        var rule = Optimizer.Create(chosen, parsed.GetValue(momentum), parsed.GetValue(nesterov), parsed.GetValue(weightDecay) ?? (own ? recipe.WeightDecay : null));
        long seeded = parsed.GetValue(seed);
        var train = data.ForTraining(seeded).Train;
        return new TrainingOptions(
            output, data.Name, parsed.GetValue(epochs) ?? recipe.Epochs, parsed.GetValue(batchSize) ?? Math.Min(recipe.BatchSize, train.Count),
            parsed.GetValue(learningRate) ?? (own ? recipe.LearningRate : rule.DefaultLearningRate), rule, seeded, parsed.GetValue(resume))
        {
            Schedule = parsed.GetValue(schedule) ?? "cosine",
            WarmUp = parsed.GetValue(warmUp) ?? 0.03,
            LabelSmoothing = parsed.GetValue(labelSmoothing) ?? recipe.LabelSmoothing,
            Averaging = parsed.GetValue(averaging) ?? recipe.Averaging,
            Clip = parsed.GetValue(clip) ?? recipe.Clip,
            MicroBatch = parsed.GetValue(microBatch),
            Device = runsOn,
            Patience = parsed.GetValue(patience),
            Augmentation = parsed.GetValue(augmentation) is { } text ? Augmentation.Parse(text) : train.Preprocessing.Invert == Inversion.Auto ? Augmentation.Digits : Augmentation.Photos,
            BetweenCheckpoints = parsed.GetValue(checkpointSeconds) is { } seconds ? Seconds(seconds) : TimeSpan.FromSeconds(60),
        }.Checked();
    }

    private IEnumerable<Option> OfSteps =>
    [
        epochs, batchSize, microBatch, learningRate, schedule, warmUp, optimizer, momentum, nesterov, weightDecay, clip, labelSmoothing, averaging, augmentation, patience, checkpointSeconds,
        resume,
    ];

    private static TimeSpan Seconds(double seconds) => seconds is >= 0 and <= 86_400
        ? TimeSpan.FromSeconds(seconds)
        : throw new FoveaException(ErrorCode.BadArgument, $"--checkpoint-seconds is {seconds}; expected 0 to 86400.");
}
