namespace Fovea.Models.Architectures;

/// <summary>The default hyperparameters for training a network.</summary>
/// <param name="Optimizer">The optimizer's name on the command line: adam, adamw or sgd.</param>
/// <param name="LearningRate">The highest learning rate of the schedule, for <paramref name="BatchSize"/>; above 0.</param>
/// <param name="BatchSize">The number of images in a step. With fewer training images, a step uses all of them.</param>
/// <param name="WeightDecay">The weight decay, 0 to 1.</param>
/// <param name="LabelSmoothing">The share of each target that is spread over all classes, 0 to less than 1.</param>
/// <param name="Averaging">
/// The decay of the moving average of the weights, which is validated and saved instead of the weights; 0 for no average.
/// </param>
/// <param name="Epochs">The number of passes over the training images.</param>
/// <param name="Clip">The norm to which larger gradients are clipped; <c>null</c> turns clipping off.</param>
public sealed record Recipe(
    string Optimizer,
    double LearningRate,
    int BatchSize,
    double WeightDecay,
    double LabelSmoothing = 0,
    double Averaging = 0,
    int Epochs = 10,
    double? Clip = null)
{
    /// <summary>The hyperparameters for images of at most <see cref="Architecture.SmallSide"/> pixels; <c>null</c>: the same.</summary>
    public Recipe? ForSmallImages { get; init; }

    /// <summary>The values in the papers on AlexNet and VGG. It is the default for networks without a recipe of their own.</summary>
    public static Recipe Plain { get; } = new("sgd", 1e-2, 32, WeightDecay: 5e-4);

    /// <summary>
    /// The recipe for deep networks with batch normalisation, which allows a high learning rate: 0.1 for a batch of 256 images (He et al.,
    /// 2015), proportional to the batch size (Goyal et al., 2017).
    /// </summary>
    public static Recipe WithBatchNormalization { get; } = new("sgd", 0.1 * 32 / 256, 32, WeightDecay: 1e-4, LabelSmoothing: 0.1);
}
