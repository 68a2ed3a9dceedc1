using System.Diagnostics;
using Fovea.Models;
using Tensor = Fovea.Models.Tensor;

namespace Fovea.Training;

/// <summary>Teaches a network new classes: a new head on its frozen features, and from there on, if asked for, everything.</summary>
internal sealed class FineTuner
{
    // What the network knows already moves slowly; its new head may run ahead.
    private const double BackboneRate = 0.1;

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
    /// <param name="options">How everything is trained; of these only the output and the seed concern a head alone.</param>
    /// <param name="tell">Is told how far the run has come.</param>
    /// <exception cref="FoveaException">The network has no head that could be replaced, or there are no images to validate with.</exception>
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

        var (trained, loss, accuracy) = new HeadTraining(head, train, validation, tell).Run(stop);
        var network = WithHead(trained, new TrainingRecord(
            options.Dataset, train.Hash(), train.Count, Optimizer: "l-bfgs", Seed: options.Seed, Accuracy: accuracy, Loss: loss, ValidationImages: validation.Count, Method: "head", Base: model.File));
        OnnxFile.Write(network, options.Output);
        tell(new RunFinished(options.Output, 0, loss, accuracy, running.Elapsed.TotalSeconds, 0));
    }

    private void LearnAll(CancellationToken stop)
    {
        // A run that is resumed has its head in the checkpoint.
        bool begun = options.Resume && File.Exists(options.Checkpoint);
        var start = begun ? LinearHead.Zero(train.Labels.Count, head.FeatureCount) : new HeadTraining(head, train, validation, tell).Run(stop).Head;
        var network = WithHead(start, new TrainingRecord(Method: "full", Base: model.File));
        var newWeights = network.Outputs[0].Producer!.Inputs.Skip(1).ToHashSet();
        var layout = new ParameterLayout(network, weight => newWeights.Contains(weight) ? 1 : BackboneRate, frozenStatistics: true);
        using var trainer = new Trainer(network, data, options, tell, layout);
        trainer.Run(stop);
    }

    private Graph WithHead(LinearHead trained, TrainingRecord record)
    {
        var shape = new Shape(trained.Bias.Length, head.FeatureCount);
        var network = head.Replaced(train.Preprocessing.Shape, Tensor.Of(shape, trained.Weights), Tensor.Of(new Shape(shape[0]), trained.Bias));
        new ModelMetadata { Labels = [.. train.Labels], Preprocessing = train.Preprocessing, Architecture = model.Metadata.Architecture, Training = record }.WriteTo(network);
        return network;
    }
}
