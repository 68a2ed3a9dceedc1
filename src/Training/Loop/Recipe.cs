namespace Fovea.Training;

/// <summary>How a network is trained where nothing else is asked for.</summary>
/// <param name="Optimizer">The optimizer's name.</param>
/// <param name="LearningRate">The highest learning rate, for the batch size.</param>
/// <param name="BatchSize">Images in a step, where there are so many.</param>
/// <param name="WeightDecay">Weight decay.</param>
/// <param name="LabelSmoothing">The share of each target that is spread over all classes.</param>
/// <param name="Averaging">The decay of the average of the weights that is kept in their place; 0: none.</param>
/// <param name="Epochs">Passes over the training images.</param>
/// <param name="Clip">The gradient's highest norm; null: any.</param>
internal sealed record Recipe(
    string Optimizer, double LearningRate, int BatchSize, double WeightDecay, double LabelSmoothing = 0, double Averaging = 0, int Epochs = 10, double? Clip = null)
{
    /// <summary>The recipe for a network that is taught new classes: small steps from where it is.</summary>
    public static Recipe ForFineTuning { get; } = new("sgd", 1e-3, 16, WeightDecay: 1e-4, Epochs: 5, Clip: 10);

    /// <summary>The recipe for an architecture.</summary>
    public static Recipe For(string architecture) => architecture switch
    {
        // Chosen by validation images of MNIST.
        "lenet5" => new("adam", 4e-3, 32, WeightDecay: 1e-5, LabelSmoothing: 0.02, Averaging: 0.999),

        // Deep networks with batch normalisation take large steps: 0.1 for 256 images (He et al., 2015), in proportion to the batch (Goyal et al., 2017).
        _ when architecture.StartsWith("resnet", StringComparison.Ordinal) || architecture.EndsWith("-bn", StringComparison.Ordinal) =>
            new("sgd", 0.1 * 32 / 256, 32, WeightDecay: 1e-4, LabelSmoothing: 0.1),

        // As their papers have it, but for GoogLeNet's weight decay, which BVLC's training names.
        _ when architecture.StartsWith("googlenet", StringComparison.Ordinal) => new("sgd", 1e-2, 32, WeightDecay: 2e-4),
        _ => new("sgd", 1e-2, 32, WeightDecay: 5e-4),
    };
}
