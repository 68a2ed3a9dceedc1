namespace Fovea.Training;

/// <summary>The default hyperparameters of a network.</summary>
/// <param name="Optimizer">The optimizer's name on the command line.</param>
/// <param name="LearningRate">The highest learning rate, for <paramref name="BatchSize"/>.</param>
/// <param name="BatchSize">The number of images in a step; a smaller data set uses all of its images.</param>
/// <param name="WeightDecay">The weight decay, 0 to 1.</param>
/// <param name="LabelSmoothing">The share of each target that is spread over all classes, 0 to less than 1.</param>
/// <param name="Averaging">The decay of the weight average that is validated and saved instead of the weights; 0 for no average.</param>
/// <param name="Epochs">The number of passes over the training images.</param>
/// <param name="Clip">The largest gradient norm; null turns clipping off.</param>
internal sealed record Recipe(
    string Optimizer,
    double LearningRate,
    int BatchSize,
    double WeightDecay,
    double LabelSmoothing = 0,
    double Averaging = 0,
    int Epochs = 10,
    double? Clip = null)
{
    /// <summary>The recipe for fine-tuning all weights. The learning rate is low because the weights are already trained.</summary>
    public static Recipe ForFineTuning { get; } = new("sgd", 1e-3, 16, WeightDecay: 1e-4, Epochs: 5, Clip: 10);

    /// <summary>Returns the recipe for training an architecture from random weights.</summary>
    /// <param name="architecture">The architecture's name; unknown ones get the default recipe.</param>
    public static Recipe For(string architecture) => architecture switch
    {
        // Chosen on validation images of MNIST.
        "lenet5" => new("adam", 4e-3, 32, WeightDecay: 1e-5, LabelSmoothing: 0.02, Averaging: 0.999),

        // Deep networks with batch normalisation train with a high learning rate: 0.1 for 256 images (He et al., 2015), proportional to the
        // batch size (Goyal et al., 2017).
        _ when architecture.StartsWith("resnet", StringComparison.Ordinal) || architecture.EndsWith("-bn", StringComparison.Ordinal) =>
            new("sgd", 0.1 * 32 / 256, 32, WeightDecay: 1e-4, LabelSmoothing: 0.1),

        // The values of the papers. GoogLeNet's paper states no weight decay; the value is that of BVLC's training.
        _ when architecture.StartsWith("googlenet", StringComparison.Ordinal) => new("sgd", 1e-2, 32, WeightDecay: 2e-4),
        _ => new("sgd", 1e-2, 32, WeightDecay: 5e-4),
    };
}
