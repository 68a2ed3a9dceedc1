using System.Globalization;
using Fovea.Models.Errors;
using Fovea.Models.Runtime;
using Fovea.Training.DataQuality;
using Fovea.Training.Datasets;
using Fovea.Training.Optimizers;

namespace Fovea.Training.Recipes;

/// <summary>The options of a training run. Two runs with equal options on the same machine and data write the same file.</summary>
/// <param name="Output">The path of the trained model; the checkpoint has the same path with <c>.checkpoint</c> appended.</param>
/// <param name="Dataset">The data set's name, for the file's metadata.</param>
/// <param name="Epochs">The number of passes over the training images, 1 to 100000.</param>
/// <param name="BatchSize">The number of images in a step, 1 to 65536.</param>
/// <param name="LearningRate">The highest learning rate of the schedule, over 0 and at most 100.</param>
/// <param name="Optimizer">The rule that updates the parameters.</param>
/// <param name="Seed">The seed of all random numbers.</param>
/// <param name="Resume">Whether to continue from the checkpoint if it exists.</param>
internal sealed record TrainingOptions(
    string Output, string Dataset, int Epochs, int BatchSize, double LearningRate, Optimizer Optimizer, long Seed, bool Resume)
{
    /// <summary>The decay of the learning rate: a key of <see cref="Schedule.ByName"/>; default cosine.</summary>
    public string Schedule { get; init; } = "cosine";

    /// <summary>The share of the steps in which the learning rate rises, 0 to 0.5; default 0.03.</summary>
    public double WarmUp { get; init; } = 0.03;

    /// <summary>The share of each target that is spread over all classes, 0 to less than 1 (Szegedy et al., 2016); default 0.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>
    /// The decay of the weight average that is validated and saved instead of the weights, 0 to less than 1. 0, the default, uses the
    /// weights themselves.
    /// </summary>
    public double Averaging { get; init; }

    /// <summary>The largest gradient norm, over 0; null, the default, turns clipping off.</summary>
    public double? Clip { get; init; }

    /// <summary>The number of images in one run of the network, a divisor of the batch size; null, the default: the whole batch.</summary>
    public int? MicroBatch { get; init; }

    /// <summary>The device that runs the network; default the CPU.</summary>
    public Device Device { get; init; } = Device.Cpu;

    /// <summary>
    /// The number of epochs without a lower validation loss after which the run ends, 1 to 100000; null, the default, never ends it early.
    /// </summary>
    public int? Patience { get; init; }

    /// <summary>The random changes to training images; default none.</summary>
    public Augmentation Augmentation { get; init; } = Augmentation.None;

    /// <summary>
    /// The time between two checkpoints during an epoch, 0 to one day; default 60 seconds. An epoch also ends with a checkpoint, unless it
    /// took less than ten times as long as writing one.
    /// </summary>
    public TimeSpan BetweenCheckpoints { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How much an image of each class counts, as <see cref="Recipes.ClassWeights"/> returns it; null, the default: all count the same.
    /// </summary>
    public IReadOnlyList<float>? ClassWeights { get; init; }

    /// <summary>
    /// The time that the run may take. An epoch does not begin if it would end later, judged by the duration of the last epoch. null, the
    /// default: no limit.
    /// </summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>
    /// The factor of the square roots of the old classes' probabilities, which the head of a fine-tuned network reads beside the features;
    /// null, the default, if it reads only the features.
    /// </summary>
    public float? ProbabilityFactor { get; init; }

    /// <summary>Whether the run writes checkpoints; default true.</summary>
    public bool HasCheckpoints { get; init; } = true;

    /// <summary>
    /// The names that the report shows, and the place of the images to which it links; default: the file's name, and links to files.
    /// </summary>
    public ReportOptions Report { get; init; } = new();

    /// <summary>The check of the images before the run; null, the default, if they were not checked.</summary>
    public TrainingCheck? Check { get; init; }

    /// <summary>The path of the checkpoint, which is deleted when the run completes.</summary>
    public string Checkpoint => $"{Output}.checkpoint";

    /// <summary>Validates the options and returns them.</summary>
    /// <exception cref="FoveaException">A number is out of range.</exception>
    public TrainingOptions Checked()
    {
        Check(Epochs is >= 1 and <= 100_000, $"The number of epochs is {Epochs}; expected 1 to 100000");
        Check(BatchSize is >= 1 and <= 65_536, $"The batch size is {BatchSize}; expected 1 to 65536");
        Check(LearningRate is > 0 and <= 100, $"The learning rate is {LearningRate}; expected more than 0 and at most 100");
        Check(WarmUp is >= 0 and <= 0.5, $"The warm-up is {WarmUp}; expected a share of the steps from 0 to 0.5");
        Check(LabelSmoothing is >= 0 and < 1, $"The label smoothing is {LabelSmoothing}; expected 0 to less than 1");
        Check(Averaging is >= 0 and < 1, $"The decay of the weight average is {Averaging}; expected 0 to less than 1");
        Check(Clip is null or > 0, $"The largest gradient norm is {Clip}; expected more than 0");
        Check(
            MicroBatch is null || (MicroBatch >= 1 && BatchSize % MicroBatch == 0),
            $"The micro-batch is {MicroBatch} images; expected a divisor of the batch size, {BatchSize}");
        Check(Patience is null or (>= 1 and <= 100_000), $"The patience is {Patience} epochs; expected 1 to 100000");
        Check(
            BetweenCheckpoints >= TimeSpan.Zero && BetweenCheckpoints.TotalDays <= 1,
            $"The time between checkpoints is {BetweenCheckpoints.TotalSeconds} s; expected 0 to 86400 s");
        return this;

        static void Check(bool holds, FormattableString message)
        {
            if (!holds)
            {
                throw new FoveaException(ErrorCode.BadArgument, $"{Text(message)}.");
            }
        }
    }

    /// <summary>Returns the options that determine the result of the run, as text.</summary>
    public RunSettings Settings() => new()
    {
        Epochs = Text($"{Epochs}"),
        BatchSize = Text($"{BatchSize}"),
        MicroBatch = Text($"{MicroBatch ?? BatchSize}"),
        Device = Device.Provider,
        LearningRate = Text($"{LearningRate}"),
        Schedule = Text($"{Schedule} after a warm-up of {WarmUp}"),
        Optimizer = Text($"{Optimizer}"),
        Averaging = Text($"{Averaging}"),
        Clipping = Text($"{Clip}"),
        LabelSmoothing = Text($"{LabelSmoothing}"),
        Augmentation = Text($"{Augmentation}"),
        ClassWeights = ClassWeights is null ? null
            : string.Join(' ', ClassWeights.Select(weight => weight.ToString("R", CultureInfo.InvariantCulture))),
        Patience = Text($"{Patience}"),
        ProbabilityFactor = ProbabilityFactor is { } factor ? Text($"{factor}") : null,
        Seed = Text($"{Seed}"),
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
