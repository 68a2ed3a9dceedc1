using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Models.TrainingEvents;
using Fovea.Training.DataQuality;
using Fovea.Training.Datasets;
using Fovea.Training.Recipes;
using Fovea.Training.Runs;

namespace Fovea.Training.Library;

/// <summary>Trains a network of the catalog from random weights.</summary>
/// <param name="architecture">The network.</param>
/// <param name="input">The size of the network's input, [C, H, W]; null: the size in the paper.</param>
/// <param name="stem">The first layers of the network.</param>
internal sealed class NetworkTraining(Architecture architecture, Shape? input = null, Stem stem = Stem.Auto)
{
    /// <summary>The network's own recipe.</summary>
    public Recipe Recipe => architecture.Recipe;

    /// <summary>Opens a data set with the network's preprocessing, without training images that are copies of validation images.</summary>
    /// <param name="folder">The data set's folder.</param>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="stop">Cancels the search for copies.</param>
    /// <exception cref="Models.Errors.FoveaException">The folder is no data set, or the input does not suit the network.</exception>
    public (DatasetFolder Data, TrainingCheck? Check) Open(string folder, long seed, CancellationToken stop)
    {
        var preprocessing = ModelMetadata.Read(architecture.Build(input: input, stem: stem).Metadata).Preprocessing!;
        return TrainingCheck.Of(DatasetFolder.OpenForTraining(folder, preprocessing).WithoutReframing(), seed, stop);
    }

    /// <summary>Trains the network and writes the model file, its report and checkpoints.</summary>
    /// <param name="dataset">The images, from <see cref="Open"/>.</param>
    /// <param name="options">The options of the run.</param>
    /// <param name="publish">Receives the events.</param>
    /// <param name="stop">Stops the run after the current step.</param>
    /// <exception cref="OperationCanceledException">The run was stopped; a checkpoint of the last step has been written.</exception>
    /// <exception cref="Models.Errors.FoveaException">
    /// There are too few images, or training diverged, or a file cannot be written.
    /// </exception>
    public void Run(DatasetFolder dataset, TrainingOptions options, Action<TrainingEvent> publish, CancellationToken stop)
    {
        var network = architecture.Build(dataset.Train.Labels.Count, input, options.Seed, architecture.HasAuxiliary, stem);
        publish(new RecipeChosen(
            $"{ImageTraits.Of(dataset.Sample, dataset.ForTraining(options.Seed).Train)}",
            $"{options.Augmentation}",
            options.Schedule,
            options.WarmUp,
            options.LabelSmoothing));
        if (options.Check?.Found is { } leaks)
        {
            publish(leaks);
        }

        using var trainer = new Trainer(network, dataset, options, publish);
        trainer.Run(stop);
    }
}
