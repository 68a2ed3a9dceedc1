namespace Fovea.Training;

/// <summary>How a network of the catalog is trained where nothing else is asked for. The numbers were chosen by validation images.</summary>
internal sealed record Recipe(string Optimizer, double LearningRate)
{
    /// <summary>The recipe for an architecture.</summary>
    public static Recipe For(string architecture) => architecture == "lenet5" ? new("adam", 5e-3) : new("sgd", 1e-2);
}
