using Fovea.Models.Errors;
using Fovea.Models.Runtime;
using Fovea.Training.Datasets;
using Recipe = Fovea.Models.Architectures.Recipe;

namespace Fovea.Training.Recipes;

/// <summary>
/// The settings that a caller chooses for a run. For a setting that is null, the network's recipe and the images give the value.
/// </summary>
internal sealed record LearningChoices
{
    /// <summary>The default of <see cref="BetweenCheckpoints"/>.</summary>
    public static readonly TimeSpan UsualTimeBetweenCheckpoints = TimeSpan.FromSeconds(60);

    /// <summary>The number of passes over the training images.</summary>
    public int? Epochs { get; init; }

    /// <summary>The number of images in a step.</summary>
    public int? BatchSize { get; init; }

    /// <summary>The number of images that run at once.</summary>
    public int? MicroBatch { get; init; }

    /// <summary>The highest learning rate of the schedule.</summary>
    public double? LearningRate { get; init; }

    /// <summary>The decay of the learning rate; null: cosine.</summary>
    public string? Schedule { get; init; }

    /// <summary>The share of the steps in which the learning rate rises.</summary>
    public double? WarmUp { get; init; }

    /// <summary>The optimizer's name.</summary>
    public string? Optimizer { get; init; }

    /// <summary>The momentum of sgd.</summary>
    public double? Momentum { get; init; }

    /// <summary>Whether sgd has Nesterov's momentum; default no.</summary>
    public bool Nesterov { get; init; }

    /// <summary>The weight decay.</summary>
    public double? WeightDecay { get; init; }

    /// <summary>The largest norm of the gradient.</summary>
    public double? Clip { get; init; }

    /// <summary>The share of each target that is spread over all classes.</summary>
    public double? LabelSmoothing { get; init; }

    /// <summary>The decay of the average of the weights.</summary>
    public double? Averaging { get; init; }

    /// <summary>The random changes to training images, as <see cref="Augmentation.Parse"/> reads them.</summary>
    public string? Augmentation { get; init; }

    /// <summary>The number of epochs without a lower validation loss after which training ends.</summary>
    public int? Patience { get; init; }

    /// <summary>The time between two checkpoints; default 60 s.</summary>
    public TimeSpan BetweenCheckpoints { get; init; } = UsualTimeBetweenCheckpoints;

    /// <summary>Whether to continue from the checkpoint if it exists; default no.</summary>
    public bool Resume { get; init; }

    /// <summary>The seed of all random numbers; default 1.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Returns the options of a run.</summary>
    /// <param name="recipe">The network's recipe, which gives the values of settings that are null.</param>
    /// <param name="data">The data set; its size limits the default batch size.</param>
    /// <param name="output">The path of the model to write.</param>
    /// <param name="device">The device.</param>
    /// <param name="defaults">
    /// The default warm-up, and the default patience of a run whose number of epochs is not given; a null patience never ends the run
    /// early.
    /// </param>
    /// <exception cref="FoveaException">A value is out of range, or two choices exclude each other.</exception>
    public TrainingOptions Options(
        Recipe recipe, DatasetFolder data, string output, Device device, (double WarmUp, int? Patience)? defaults = null)
    {
        var train = data.ForTraining(Seed).Train;
        var images = ImageTraits.Of(data.Sample, train);
        recipe = images.IsSmall ? recipe.ForSmallImages ?? recipe : recipe;
        var name = Optimizer ?? recipe.Optimizer;

        // The recipe's weight decay and learning rate suit only its own optimizer. With another optimizer, that optimizer's defaults are
        // used.
        bool isRecipes = name == recipe.Optimizer;
        var rule = Optimizers.Optimizer.Create(name, Momentum, Nesterov, WeightDecay ?? (isRecipes ? recipe.WeightDecay : null));
        int epochs = Epochs ?? recipe.Epochs;
        int batch = BatchSize ?? Math.Min(recipe.BatchSize, train.Count);
        long steps = Math.Max(1, (long)epochs * (train.Count / Math.Max(1, batch)));
        var usual = ImageRecipe.For(images, recipe, steps);
        return new TrainingOptions(
            output,
            data.Name,
            epochs,
            batch,
            LearningRate ?? (isRecipes ? recipe.LearningRate : rule.DefaultLearningRate),
            rule,
            Seed,
            Resume)
        {
            Schedule = Schedule ?? "cosine",
            WarmUp = WarmUp ?? defaults?.WarmUp ?? usual.WarmUp,
            LabelSmoothing = LabelSmoothing ?? usual.LabelSmoothing,
            Averaging = Averaging ?? recipe.Averaging,
            Clip = Clip ?? recipe.Clip,
            MicroBatch = MicroBatch,
            Device = device,
            Patience = Patience ?? (Epochs is null ? defaults?.Patience : null),
            Augmentation = Augmentation is { } text ? Datasets.Augmentation.Parse(text) : usual.Augmentation,
            Report = new() { DataFolder = data.Folder },
            BetweenCheckpoints = BetweenCheckpoints,
        }.Checked();
    }
}
