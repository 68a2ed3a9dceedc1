using Fovea.Models.Architectures;
using Fovea.Models.Files;
using Fovea.Models.Runtime;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Recipes;

namespace Fovea.Training.Library;

/// <summary>
/// A network of the catalog that learns the classes of a data set from random weights. Two runs with equal settings on the same machine
/// write the same file.
/// </summary>
public sealed record TrainingRun
{
    /// <summary>The network's name in <see cref="Catalog.Architectures"/>, such as lenet5.</summary>
    public required string Network { get; init; }

    /// <summary>
    /// The data set's folder: a sub-folder of images for each class, also within folders named train, val and test; or MNIST's four files.
    /// </summary>
    public required string Data { get; init; }

    /// <summary>
    /// The .onnx file to write. The report and, during the run, the checkpoint are written beside it, under the same name with other
    /// endings.
    /// </summary>
    public required string Output { get; init; }

    /// <summary>
    /// The number of passes over the training images, 1 to 100000; null, the default: the number in the network's recipe, usually 10.
    /// </summary>
    public int? Epochs { get; init; }

    /// <summary>
    /// The number of images in a step, 1 to 65536; null, the default: the number in the network's recipe, usually 32, or all images if
    /// there are fewer.
    /// </summary>
    public int? BatchSize { get; init; }

    /// <summary>The highest learning rate, over 0 and at most 100; null, the default: the rate in the network's recipe.</summary>
    public double? LearningRate { get; init; }

    /// <summary>
    /// The random changes to training images, as <c>fovea train --augmentation</c> takes them; null, the default: the run chooses changes
    /// that suit the images.
    /// </summary>
    public string? Augmentation { get; init; }

    /// <summary>The seed of all random numbers; default 1.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Whether to continue from the checkpoint of a stopped run, if the checkpoint exists; default no.</summary>
    public bool Resume { get; init; }

    /// <summary>The device that runs the network; null, the default: CUDA if it works, otherwise the CPU.</summary>
    public Device? Device { get; init; }

    /// <summary>Trains the network on this thread and others.</summary>
    /// <param name="progress">Receives the events, on this thread; null: the events are dropped.</param>
    /// <param name="stop">Stops the run after the current step.</param>
    /// <exception cref="OperationCanceledException">The run was stopped. It has written a checkpoint.</exception>
    /// <exception cref="Models.Errors.FoveaException">
    /// There is no such network, the folder is no data set, a setting is out of its range, training diverged, or a file cannot be written.
    /// </exception>
    public TrainedClassifier Run(IProgress<TrainingEvent>? progress = null, CancellationToken stop = default)
    {
        AtomicFile.EnsureWritable(Output);
        var relay = new EventRelay(progress);
        var network = new NetworkTraining(Catalog.Find(Network));
        var (dataset, check) = network.Open(Data, Seed, stop);
        var choices = new LearningChoices
        {
            Epochs = Epochs,
            BatchSize = BatchSize,
            LearningRate = LearningRate,
            Augmentation = Augmentation,
            Seed = Seed,
            Resume = Resume,
        };
        var device = Device ?? Models.Runtime.Device.Choose(new());
        var options = choices.Options(network.Recipe, dataset, Output, device) with { Check = check };
        network.Run(dataset, options, relay.Tell, stop);
        return relay.Trained;
    }

    /// <summary>Trains the network on other threads. It is otherwise the same as <see cref="Run"/>.</summary>
    /// <param name="progress">Receives the events, on another thread; null: the events are dropped.</param>
    /// <param name="stop">Stops the run after the current step.</param>
    /// <exception cref="OperationCanceledException">The run was stopped. It has written a checkpoint.</exception>
    /// <exception cref="Models.Errors.FoveaException">The same errors as for <see cref="Run"/>.</exception>
    public Task<TrainedClassifier> RunAsync(IProgress<TrainingEvent>? progress = null, CancellationToken stop = default) =>
        Task.Run(() => Run(progress, stop), stop);
}
