using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;
using Fovea.Models.TrainingEvents;
using Fovea.Training.DataQuality;
using Fovea.Training.Datasets;
using Fovea.Training.Recipes;
using Fovea.Training.TransferLearning;

namespace Fovea.Training.Library;

/// <summary>
/// Trains an existing network for the classes of a data set. A new last layer replaces the old one. Two runs with equal settings on the
/// same machine write the same file, except with the method auto, whose result depends on the time that the training takes.
/// </summary>
public sealed record FineTuningRun
{
    /// <summary>
    /// The .onnx file to start from, of Fovea or of other software. A .json file of the same name supplies metadata that the .onnx file
    /// lacks. null, the default: the built-in base, for which a project must download the package Microsoft.ML.DnnImageFeaturizer.ResNet18.
    /// </summary>
    public string? Base { get; init; }

    /// <summary>The data set's folder: a sub-folder of images for each class, also within folders named train, val and test.</summary>
    public required string Data { get; init; }

    /// <summary>
    /// The .onnx file to write. The report and, during the run, the checkpoint are written beside it, under the same name with other
    /// endings.
    /// </summary>
    public required string Output { get; init; }

    /// <summary>
    /// The layers to train: head (a new last layer), partial (the last quarter of the layers too), full (all layers), or auto, the default:
    /// the head, unless training more layers is measured to be better within <see cref="TimeLimit"/>.
    /// </summary>
    public string Method { get; init; } = "auto";

    /// <summary>The time that the method auto may take, 0 to a week; default 1 minute. The head is always trained.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The number of passes over the training images, 1 to 100000; null, the default: 5, or fewer when the loss stops falling.
    /// </summary>
    public int? Epochs { get; init; }

    /// <summary>The number of images in a step, 1 to 65536; null, the default: 16, or all images if there are fewer.</summary>
    public int? BatchSize { get; init; }

    /// <summary>The highest learning rate, over 0 and at most 100; null, the default: 0.001.</summary>
    public double? LearningRate { get; init; }

    /// <summary>
    /// The random changes to training images, as <c>fovea finetune --augmentation</c> takes them; null, the default: the run chooses
    /// changes that suit the images.
    /// </summary>
    public string? Augmentation { get; init; }

    /// <summary>The seed of all random numbers; default 1.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Whether to continue from the checkpoint of a stopped run, if the checkpoint exists; default no.</summary>
    public bool Resume { get; init; }

    /// <summary>The device that runs the network; null, the default: CUDA if it works, otherwise the CPU.</summary>
    public Device? Device { get; init; }

    /// <summary>Fine-tunes the network on this thread and others.</summary>
    /// <param name="progress">Receives the events, on this thread; null: the events are dropped.</param>
    /// <param name="stop">Stops the run.</param>
    /// <exception cref="OperationCanceledException">
    /// The run was stopped. With the methods partial and full it has written a checkpoint.
    /// </exception>
    /// <exception cref="FoveaException">
    /// The base cannot be read or has no last layer that could be replaced, the folder is no data set, a setting is out of its range,
    /// training diverged, or a file cannot be written.
    /// </exception>
    public TrainedClassifier Run(IProgress<TrainingEvent>? progress = null, CancellationToken stop = default)
    {
        AtomicFile.EnsureWritable(Output);
        var method = CheckedMethod();
        var relay = new EventRelay(progress);
        var model = Base is { } file
            ? BaseModel.Read(file, fallback: ModelJson.Read(Path.ChangeExtension(file, ".json")))
            : BuiltInBase.Read();
        var (dataset, check) = TrainingCheck.Of(DatasetFolder.OpenForTraining(Data, model.Preprocessing), Seed, stop);
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
        var options = choices.Options(FineTuningRecipe.Usual, dataset, Output, device, FineTuningRecipe.Defaults) with
        {
            TimeLimit = method == FineTuningMethod.Auto ? TimeLimit : null,
            Check = check,
        };
        new FineTuner(model, dataset, options, relay.Tell).Run(method, stop);
        return relay.Trained;
    }

    /// <summary>Fine-tunes the network on other threads. It is otherwise the same as <see cref="Run"/>.</summary>
    /// <param name="progress">Receives the events, on another thread; null: the events are dropped.</param>
    /// <param name="stop">Stops the run.</param>
    /// <exception cref="OperationCanceledException">
    /// The run was stopped. With the methods partial and full it has written a checkpoint.
    /// </exception>
    /// <exception cref="FoveaException">The same errors as for <see cref="Run"/>.</exception>
    public Task<TrainedClassifier> RunAsync(IProgress<TrainingEvent>? progress = null, CancellationToken stop = default) =>
        Task.Run(() => Run(progress, stop), stop);

    private FineTuningMethod CheckedMethod()
    {
        string[] names = [.. Enum.GetNames<FineTuningMethod>().Select(name => name.ToLowerInvariant())];
        var problem = !names.Contains(Method) ? $"The method is {Method}; expected {string.Join(", ", names[..^1])} or {names[^1]}."
            : TimeLimit < TimeSpan.Zero || TimeLimit > TimeSpan.FromDays(7) ? $"The time limit is {TimeLimit}; expected 0 to 7 days."
            : Base is not null && !File.Exists(Base) ? $"The base {Base} does not exist; expected an .onnx file."
            : null;
        return problem is null
            ? Enum.Parse<FineTuningMethod>(Method, ignoreCase: true)
            : throw new FoveaException(ErrorCode.BadArgument, problem);
    }
}
