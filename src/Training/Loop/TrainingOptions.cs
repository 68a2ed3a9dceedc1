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
    /// <summary>Where the run's checkpoint lies; it is gone when the run is done.</summary>
    public string Checkpoint => $"{Output}.checkpoint";

    /// <summary>The same, or the reason why it cannot be.</summary>
    /// <exception cref="FoveaException">A number is out of range.</exception>
    public TrainingOptions Checked()
    {
        Check(Epochs is >= 1 and <= 100_000, $"{Epochs} epochs; expected 1 to 100000");
        Check(BatchSize is >= 1 and <= 65_536, $"a batch size of {BatchSize}; expected 1 to 65536");
        Check(LearningRate is > 0 and <= 100, $"a learning rate of {LearningRate}; expected more than 0 and at most 100");
        return this;

        static void Check(bool holds, string otherwise)
        {
            if (!holds)
            {
                throw new FoveaException(ErrorCode.BadArgument, $"Training cannot take {otherwise}.");
            }
        }
    }
}
