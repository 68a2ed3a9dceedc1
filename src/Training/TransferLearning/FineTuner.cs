using System.Globalization;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Heads;
using Fovea.Models.Metadata;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Datasets;
using Fovea.Training.Features;
using Fovea.Training.Recipes;
using Fovea.Training.Reports;
using Fovea.Training.Runs;
using Fovea.Training.Steps;
using Tensor = Fovea.Models.Graphs.Tensor;

namespace Fovea.Training.TransferLearning;

/// <summary>
/// Fine-tunes a network for new classes: trains a new head on frozen features, and then more layers if the method asks for it. The saved
/// weights are the weights with the lowest validation loss; the network with only a new head is a candidate too.
/// </summary>
internal sealed class FineTuner
{
    // If the features' root mean square is smaller than this, the head's weights are large, and so are the gradients of the old weights.
    // Their learning rate then falls with the square of the root mean square.
    private const double LeastFeature = 0.1;

    private const int Sample = 64;

    private readonly BaseModel model;
    private readonly DatasetFolder data;
    private readonly Dataset train, validation;
    private TrainingOptions options;
    private readonly Action<TrainingEvent> tell;
    private ClassifierHead head;
    private readonly TimeProvider time;
    private readonly long started;

    /// <summary>Prepares a run.</summary>
    /// <param name="model">The network.</param>
    /// <param name="data">The images of the new classes, with the network's preprocessing.</param>
    /// <param name="options">
    /// The options for training. If only the head is trained, the run uses the output, the device, the seed, the class weights, and whether
    /// images are mirrored. The method auto ends within the time limit.
    /// </param>
    /// <param name="tell">Receives the events of the run.</param>
    /// <param name="time">The clock of the time limit; null for the system's.</param>
    /// <exception cref="FoveaException">
    /// The network has no head that can be replaced, or there are no images to validate with.
    /// </exception>
    public FineTuner(
        BaseModel model, DatasetFolder data, TrainingOptions options, Action<TrainingEvent> tell, TimeProvider? time = null)
    {
        this.time = time ?? TimeProvider.System;
        started = this.time.GetTimestamp();
        (this.model, this.data, this.options, this.tell) = (model, data, options, tell);
        (train, validation) = data.ForTraining(options.Seed);
        if (validation.Count == 0)
        {
            throw new FoveaException(ErrorCode.BadDataset, $"{data.Name} has no image to validate with; expected at least 2 in a class.");
        }

        head = model.Head;
    }

    /// <summary>Trains the network and writes the file.</summary>
    /// <exception cref="OperationCanceledException">
    /// The run was cancelled. With the methods partial and full, it has written a checkpoint.
    /// </exception>
    public void Run(FineTuningMethod method, CancellationToken stop)
    {
        if (options.Check?.Found is { } leaks)
        {
            tell(leaks);
        }

        tell(new HeadFound(head.Description));
        tell(new MethodChosen(Name(method), method != FineTuningMethod.Auto ? "as requested" : Text(
            $"the head, unless training more is measured to gain within {options.TimeLimit?.TotalSeconds ?? 0:F0} s")));
        if (model.Network.Nodes.Count(node => node is { Op: "BatchNormalization", Domain: "" }) is > 0 and var layers)
        {
            tell(new StatisticsFrozen(layers));
        }

        switch (method)
        {
            case FineTuningMethod.Head:
                SaveHead(TrainHead(stop), stop);
                break;
            case FineTuningMethod.Auto:
                LearnWithinTime(TrainHead(stop), stop);
                break;
            default:
                LearnFrom(method, stop);
                break;
        }
    }

    private TimeSpan Elapsed => time.GetElapsedTime(started);

    private TrainedHead TrainHead(CancellationToken stop)
    {
        foreach (var refused in data.RefusedInTraining)
        {
            tell(new FileRefused(refused.File, refused.Reason));
        }

        var trained = new HeadTraining(model, train, validation, options, tell).Run(stop);
        options = options with { Check = options.Check?.With(trained.Judged) };
        Place(trained.ProbabilityFactor);
        if (trained.ProbabilityFactor is not null)
        {
            tell(new HeadFound(head.Description));
        }

        return trained;
    }

    // Lets the new head read the probabilities of the old classes, times this factor; null changes nothing. If the factor is of a
    // checkpoint for another base, which has none to read, the trainer refuses the checkpoint.
    private void Place(float? factor)
    {
        options = options with { ProbabilityFactor = factor };
        head = (factor is { } used ? model.HeadWithProbabilities(used) : null) ?? head;
    }

    private void SaveHead(TrainedHead trained, CancellationToken stop)
    {
        var network = WithHead(trained.Head, new TrainingRecord(
            options.Dataset,
            train.Hash(),
            train.Count,
            Optimizer: "l-bfgs",
            Seed: options.Seed,
            Accuracy: trained.Accuracy,
            Loss: trained.Loss,
            ValidationImages: validation.Count,
            Method: Name(FineTuningMethod.Head),
            Base: model.File));
        trained.Fitted.WriteTo(network, network.Outputs[0].Producer![0]);
        tell(trained.Fitted.Fit);
        OnnxFile.Write(network, options.Output);
        var chosen = trained.Curve.First(penalty => penalty.Chosen);
        var settings = new RunSettings
        {
            Base = model.File.Sha256,
            ClassWeights = options.Settings().ClassWeights,
            DatasetHash = train.Hash(),
            ValidationHash = validation.Hash(),
            Method = Name(FineTuningMethod.Head),
            ProbabilityFactor = options.Settings().ProbabilityFactor,
            Penalty = Text($"{chosen.Penalty}, by cross-validation in {chosen.Folds} parts"),
            Seed = Text($"{options.Seed}"),
        };
        var record = new RunRecord(
            [], settings, Elapsed.TotalSeconds, model.File.File, [.. data.RefusedInTraining], trained.Curve, trained.Fitted)
        {
            Report = options.Report,
            Check = options.Check,
            Preview = new(train, Augmentation.None with { Flip = options.Augmentation.Flip }, options.Seed),
        };
        Report.WriteAny(options.Output, validation, record, stop);
        tell(new RunFinished(options.Output, 0, trained.Loss, trained.Accuracy, Elapsed.TotalSeconds, 0));
    }

    // Training starts from the best head, which is also a candidate for the saved weights. A resumed run has its weights in the checkpoint.
    private void LearnFrom(FineTuningMethod method, CancellationToken stop)
    {
        bool begun = options.Resume && File.Exists(options.Checkpoint);
        if (begun)
        {
            Place(Checkpoint.ProbabilityFactor(options.Checkpoint));
        }

        var start = begun ? LinearHead.Zero(train.Labels.Count, head.FeatureCount) : TrainHead(stop).Head;
        using var trainer = TrainerFrom(start, method, options, stop);
        trainer.Run(stop);
        bool isHead = trainer.State.BestEpoch == 0;
        tell(Comparison(
            trainer.State, method, isHead, isHead ? "no epoch had a lower validation loss" : "its validation loss is the lowest"));
    }

    private void LearnWithinTime(TrainedHead trained, CancellationToken stop)
    {
        var left = (options.TimeLimit ?? TimeSpan.Zero) - Elapsed;
        var plan = AutoPlan.For(left, trained.Speed, train.Count, validation.Count);
        tell(new TrialPlanned(plan.Method is { } tried ? Name(tried) : null, plan.Reason));
        if (plan.Method is not { } method)
        {
            SaveHead(trained, stop);
            return;
        }

        var trial = options with
        {
            Epochs = Math.Min(plan.Epochs, options.Epochs),
            HasCheckpoints = false,
            Resume = false,
            TimeLimit = options.TimeLimit - AutoPlan.Ending(trained.Speed, train.Count, validation.Count),
        };
        using var trainer = TrainerFrom(trained.Head, method, trial, stop);
        trainer.Learn(stop);
        var state = trainer.State;
        if (state.History is [])
        {
            tell(new TrialPlanned(null, $"the head is kept: the first epoch of {Name(method)} would end after the time limit (--minutes)"));
            SaveHead(trained, stop);
            return;
        }

        bool isGain = state.BestEpoch > 0 && state.BestAccuracy >= trained.Accuracy && AutoPlan.IsGain(trained.Losses, trainer.BestLosses!);
        if (isGain)
        {
            trainer.Save(stop);
        }
        else
        {
            SaveHead(trained, stop);
        }

        tell(Comparison(
            state,
            method,
            isHead: !isGain,
            state.BestEpoch == 0 ? "no epoch had a lower validation loss"
                : isGain ? "its loss is lower beyond chance" : "the other loss is not lower beyond chance"));
    }

    private static MethodsCompared Comparison(TrainingState state, FineTuningMethod method, bool isHead, string reason)
    {
        // If no epoch is better than the head, the best epoch is compared with the head.
        var best = state.BestEpoch > 0 ? (state.BestLoss, state.BestAccuracy)
            : state.History.MinBy(epoch => epoch.ValidationLoss) is { } epoch ? (epoch.ValidationLoss, epoch.ValidationAccuracy)
            : (state.BestLoss, state.BestAccuracy);
        var start = (Loss: state.StartLoss ?? best.Item1, Accuracy: state.StartAccuracy ?? best.Item2);
        var (headName, name) = (Name(FineTuningMethod.Head), Name(method));
        return isHead
            ? new(headName, name, start.Loss, best.Item1, start.Accuracy, best.Item2, reason)
            : new(name, headName, best.Item1, start.Loss, best.Item2, start.Accuracy, reason);
    }

    private Trainer TrainerFrom(LinearHead start, FineTuningMethod method, TrainingOptions used, CancellationToken stop)
    {
        double size = FeatureSize(stop);
        var network = WithHead(start, new TrainingRecord(Method: Name(method), Base: model.File), size);
        var rates = TrainedLayers.Rates(network, method, Math.Min(1, Math.Pow(size / LeastFeature, 2)));
        var limited = used with { TimeLimit = used.TimeLimit - Elapsed };
        var layout = new ParameterLayout(network, rates, frozenStatistics: true);
        return new Trainer(network, data, limited, tell, layout, startIsCandidate: true, time);
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
        var weights = Tensor.Of(
            new Shape(trained.Bias.Length, head.FeatureCount), Array.ConvertAll(trained.Weights, weight => (float)(weight * featureSize)));
        var bias = Tensor.Of(new Shape(trained.Bias.Length), trained.Bias);
        var network = head.Replaced(train.Preprocessing.Shape, weights, bias, (float)(1 / featureSize));
        new ModelMetadata
        {
            Labels = [.. train.Labels],
            Preprocessing = train.Preprocessing,
            Architecture = model.Metadata.Architecture,
            Stem = model.Metadata.Stem,
            Activation = train.LabelSets is null ? null : Activation.Sigmoid,
            Training = record,
        }.WriteTo(network);
        return network;
    }

    private static string Name(FineTuningMethod method) => method.ToString().ToLowerInvariant();

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
