using Recipe = Fovea.Models.Architectures.Recipe;

namespace Fovea.Training.Recipes;

/// <summary>The defaults of fine-tuning, for any network.</summary>
internal static class FineTuningRecipe
{
    // The learning rate is low because the weights are already trained, and rises slowly because the new head first meets augmented images.
    public static Recipe Usual { get; } = new("sgd", 1e-3, 16, WeightDecay: 1e-4, Epochs: 5, Clip: 10);

    /// <summary>The warm-up, and the patience of a run whose number of epochs is not given.</summary>
    public static (double WarmUp, int? Patience) Defaults => (0.1, 2);
}
