using System.Globalization;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>What a training run is told. Two runs told the same on one machine give the same file.</summary>
/// <param name="Output">Where the trained model goes; the checkpoint lies beside it.</param>
/// <param name="Dataset">The data set's name, for the record.</param>
/// <param name="Epochs">Passes over the training images, at least 1.</param>
/// <param name="BatchSize">Images in a step, at least 1.</param>
/// <param name="LearningRate">The highest learning rate of the schedule, over 0.</param>
/// <param name="Optimizer">How parameters move.</param>
/// <param name="Seed">What all randomness comes from.</param>
/// <param name="Resume">Whether to go on from the checkpoint beside the output, where there is one.</param>
internal sealed record TrainingOptions(string Output, string Dataset, int Epochs, int BatchSize, double LearningRate, Optimizer Optimizer, long Seed, bool Resume)
{
    /// <summary>How the learning rate falls: a key of <see cref="Fovea.Training.Schedule.ByName"/>.</summary>
    public string Schedule { get; init; } = "cosine";

    /// <summary>The share of the steps in which the learning rate rises, 0 to 0.5.</summary>
    public double WarmUp { get; init; } = 0.03;

    /// <summary>The share of each target that is spread over all classes, 0 to less than 1 (Szegedy et al., 2016).</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>The decay of the average of the weights over the steps, 0 to less than 1, which is validated and kept in their place; 0: the weights themselves.</summary>
    public double Averaging { get; init; }

    /// <summary>The gradient's highest norm, over 0; null: any.</summary>
    public double? Clip { get; init; }

    /// <summary>Images that are run at once, a divisor of the batch size; null: the whole batch.</summary>
    public int? MicroBatch { get; init; }

    /// <summary>What the network runs on.</summary>
    public Device Device { get; init; } = Device.Cpu;

    /// <summary>Epochs without a lower validation loss after which the run ends, at least 1; null: never.</summary>
    public int? Patience { get; init; }

    /// <summary>How images are changed before they are learnt from.</summary>
    public Augmentation Augmentation { get; init; } = Augmentation.None;

    /// <summary>The time between two checkpoints within an epoch, at most a day; an epoch ends with one besides, unless it was much shorter than writing one takes.</summary>
    public TimeSpan BetweenCheckpoints { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Where the run's checkpoint lies; it is gone when the run is done.</summary>
    public string Checkpoint => $"{Output}.checkpoint";

    /// <summary>The same, or the reason why it cannot be.</summary>
    /// <exception cref="FoveaException">A number is out of range.</exception>
    public TrainingOptions Checked()
    {
        Check(Epochs is >= 1 and <= 100_000, $"{Epochs} epochs; expected 1 to 100000");
        Check(BatchSize is >= 1 and <= 65_536, $"a batch size of {BatchSize}; expected 1 to 65536");
        Check(LearningRate is > 0 and <= 100, $"a learning rate of {LearningRate}; expected more than 0 and at most 100");
        Check(WarmUp is >= 0 and <= 0.5, $"a warm-up of {WarmUp}; expected a share of the steps from 0 to 0.5");
        Check(LabelSmoothing is >= 0 and < 1, $"a label smoothing of {LabelSmoothing}; expected 0 to less than 1");
        Check(Averaging is >= 0 and < 1, $"an average of the weights with a decay of {Averaging}; expected 0 to less than 1");
        Check(Clip is null or > 0, $"gradients clipped to {Clip}; expected a norm over 0");
        Check(MicroBatch is null || (MicroBatch >= 1 && BatchSize % MicroBatch == 0), $"micro-batches of {MicroBatch} images; expected a divisor of the batch size, {BatchSize}");
        Check(Patience is null or (>= 1 and <= 100_000), $"a patience of {Patience} epochs; expected 1 to 100000");
        Check(BetweenCheckpoints >= TimeSpan.Zero && BetweenCheckpoints.TotalDays <= 1, $"{BetweenCheckpoints.TotalSeconds} seconds between checkpoints; expected 0 to 86400");
        return this;

        static void Check(bool holds, FormattableString otherwise)
        {
            if (!holds)
            {
                throw new FoveaException(ErrorCode.BadArgument, $"Training cannot take {otherwise.ToString(CultureInfo.InvariantCulture)}.");
            }
        }
    }

    /// <summary>Everything that decides what the run computes, by the name that a person would call it.</summary>
    public IEnumerable<KeyValuePair<string, string>> Deciding()
    {
        yield return new("epochs", Text($"{Epochs}"));
        yield return new("batch size", Text($"{BatchSize}"));
        yield return new("micro-batch", Text($"{MicroBatch ?? BatchSize}"));
        yield return new("device", Device.Provider);
        yield return new("learning rate", Text($"{LearningRate}"));
        yield return new("schedule", Text($"{Schedule} after a warm-up of {WarmUp}"));
        yield return new("optimizer", Text($"{Optimizer}"));
        yield return new("averaging", Text($"{Averaging}"));
        yield return new("clipping", Text($"{Clip}"));
        yield return new("label smoothing", Text($"{LabelSmoothing}"));
        yield return new("augmentation", Text($"{Augmentation}"));
        yield return new("patience", Text($"{Patience}"));
        yield return new("seed", Text($"{Seed}"));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
