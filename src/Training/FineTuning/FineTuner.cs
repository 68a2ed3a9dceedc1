using System.Diagnostics;
using System.Globalization;
using Fovea.Models;
using Tensor = Fovea.Models.Tensor;

namespace Fovea.Training;

/// <summary>
/// Fine-tunes a network for new classes: trains a new head on frozen features and, with the method full, all weights afterwards.
/// </summary>
internal sealed class FineTuner
{
    // The factor of the learning rate for the old weights, which are already trained. The new head learns at the full rate.
    private const double BackboneRate = 0.1;

    // If the features' root mean square is smaller than this, the head's weights are large, and so are the gradients of the old weights.
    // Their learning rate then falls with the square of the root mean square.
    private const double LeastFeature = 0.1;

    private const int Sample = 64;

    private readonly BaseModel model;
    private readonly DatasetFolder data;
    private readonly Dataset train, validation;
    private readonly TrainingOptions options;
    private readonly Action<TrainingEvent> tell;
    private readonly ClassifierHead head;
    private readonly Stopwatch running = Stopwatch.StartNew();

    /// <summary>Prepares a run.</summary>
    /// <param name="model">The network.</param>
    /// <param name="data">The new classes, preprocessed as the network takes them.</param>
    /// <param name="options">How everything is trained; of these only the output, the device and the seed concern a head alone.</param>
    /// <param name="tell">Is told how far the run has come.</param>
    /// <exception cref="FoveaException">
    /// The network has no head that could be replaced, or there are no images to validate with.
    /// </exception>
    public FineTuner(BaseModel model, DatasetFolder data, TrainingOptions options, Action<TrainingEvent> tell)
    {
        (this.model, this.data, this.options, this.tell) = (model, data, options, tell);
        (train, validation) = data.ForTraining(options.Seed);
        if (validation.Count == 0)
        {
            throw new FoveaException(ErrorCode.BadDataset, $"{data.Name} has no image to validate with; expected at least 2 in a class.");
        }

        head = ClassifierHead.Find(model.Network);
    }

    /// <summary>Teaches the network and writes the file.</summary>
    /// <exception cref="OperationCanceledException">It was told to stop; a run of all weights has written a checkpoint.</exception>
    public void Run(FineTuningMethod method, CancellationToken stop)
    {
        tell(new HeadFound(head.Description));
        tell(new MethodChosen(method.Name, method.Reason));
        if (model.Network.Nodes.Count(node => node is { Op: "BatchNormalization", Domain: "" }) is > 0 and var layers)
        {
            tell(new StatisticsFrozen(layers));
        }

        if (method.IsFull)
        {
            LearnAll(stop);
        }
        else
        {
            LearnHead(stop);
        }
    }

    private void LearnHead(CancellationToken stop)
    {
        foreach (var refused in data.RefusedInTraining)
        {
            tell(new FileRefused(refused.File, refused.Reason));
        }

        var (trained, _, loss, accuracy) = new HeadTraining(head, train, validation, options.Device, tell).Run(stop);
        var network = WithHead(trained, new TrainingRecord(
            options.Dataset, train.Hash(), train.Count, Optimizer: "l-bfgs", Seed: options.Seed, Accuracy: accuracy, Loss: loss, ValidationImages: validation.Count, Method: "head", Base: model.File));
        OnnxFile.Write(network, options.Output);
        var seed = options.Seed.ToString(CultureInfo.InvariantCulture);
        var settings = new RunSettings { Method = "head", Seed = seed, Base = model.File.Sha256 };
        var record = new RunRecord([], settings, running.Elapsed.TotalSeconds, model.File.File, [.. data.RefusedInTraining]);
        Report.Write(options.Output, validation, record, stop);
        tell(new RunFinished(options.Output, 0, loss, accuracy, running.Elapsed.TotalSeconds, 0));
    }

    private void LearnAll(CancellationToken stop)
    {
        // The best head is fitted to features of images that were not augmented, and is overconfident on augmented ones. Its large
        // gradients would damage the old weights. Training therefore starts from a cautious head, and the best head is only a candidate for
        // the saved weights. A resumed run has its heads in the checkpoint.
        bool begun = options.Resume && File.Exists(options.Checkpoint);
        var none = LinearHead.Zero(train.Labels.Count, head.FeatureCount);
        var (best, start, _, _) = begun ? (none, none, 0, 0) : new HeadTraining(head, train, validation, options.Device, tell).Run(stop);
        double size = FeatureSize(stop);
        var network = WithHead(start, new TrainingRecord(Method: "full", Base: model.File), size);
        var newWeights = network.Outputs[0].Producer!.Inputs.Skip(1).OfType<Value>().ToArray();
        var rival = newWeights.Zip(Tensors(best, size)).ToDictionary(pair => pair.First, pair => pair.Second);
        double backboneRate = BackboneRate * Math.Min(1, Math.Pow(size / LeastFeature, 2));
        var layout = new ParameterLayout(network, weight => newWeights.Contains(weight) ? 1 : backboneRate, frozenStatistics: true);
        using var trainer = new Trainer(network, data, options, tell, layout, rival);
        trainer.Run(stop);
    }

    // The root mean square of the features of a fixed sample of images over all classes; a resumed run computes the same value.
    private double FeatureSize(CancellationToken stop)
    {
        int count = Math.Min(Sample, train.Count);
        var sample = train.Subset([.. Enumerable.Range(0, count).Select(i => (int)((long)i * train.Count / count))]);
        using var extractor = new FeatureExtractor(head.Backbone(train.Preprocessing.Shape), head.FeatureCount, options.Device);
        double squares = extractor.Read(sample, _ => { }, stop).Rows.Average(row => row.Average(feature => (double)feature * feature));
        return squares > 0 ? Math.Sqrt(squares) : 1;
    }

    // Dividing the features by their root mean square makes one learning rate suit the heads of all networks.
    private Graph WithHead(LinearHead trained, TrainingRecord record, double featureSize = 1)
    {
        Tensor[] tensors = Tensors(trained, featureSize);
        var network = head.Replaced(train.Preprocessing.Shape, tensors[0], tensors[1], (float)(1 / featureSize));
        new ModelMetadata { Labels = [.. train.Labels], Preprocessing = train.Preprocessing, Architecture = model.Metadata.Architecture, Training = record }.WriteTo(network);
        return network;
    }

    // The head's weights and bias for features with a root mean square of 1.
    private Tensor[] Tensors(LinearHead trained, double featureSize) =>
    [
        Tensor.Of(new Shape(trained.Bias.Length, head.FeatureCount), Array.ConvertAll(trained.Weights, weight => (float)(weight * featureSize))),
        Tensor.Of(new Shape(trained.Bias.Length), trained.Bias),
    ];
}
