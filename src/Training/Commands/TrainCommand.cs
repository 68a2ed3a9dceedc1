using System.CommandLine;
using Fovea.Models;

namespace Fovea.Training;

/// <summary><c>train</c>: a network from random weights to a file that can be served.</summary>
internal static class TrainCommand
{
    private const int DefaultBatchSize = 128;

    public static Command Create()
    {
        var name = Arguments.Name();
        var data = Arguments.Data();
        var epochs = new Option<int>("--epochs") { Description = "Passes over the training images.", DefaultValueFactory = _ => 10 };
        var batchSize = new Option<int?>("--batch-size") { Description = $"Images in a step; default {DefaultBatchSize}, or all of them where there are fewer." };
        var learningRate = new Option<double?>("--learning-rate") { Description = "The highest learning rate of the schedule; default: the network's own." };
        var optimizer = new Option<string?>("--optimizer") { Description = "How parameters move; default: adam for lenet5, sgd for the others." };
        optimizer.AcceptOnlyFromAmong([.. Optimizer.All.Select(o => o.Name)]);
        var seed = Arguments.Seed();
        var resume = new Option<bool>("--resume") { Description = "Go on from the checkpoint beside the output, where there is one." };
        var jsonLines = new Option<bool>("--json-lines") { Description = "Print one JSON event per line, and stop when standard input closes." };
        var output = Arguments.Output();
        var command = new Command("train", "Trains a network from scratch.") { name, data, epochs, batchSize, learningRate, optimizer, seed, resume, jsonLines, output };
        command.SetWork((parsed, stop) =>
        {
            AtomicFile.EnsureWritable(parsed.GetRequiredValue(output));
            var architecture = Catalog.Find(parsed.GetRequiredValue(name));
            var folder = parsed.GetRequiredValue(data);
            var dataset = DatasetFolder.OpenForTraining(folder, architecture.Preprocessing);
            var recipe = Recipe.For(architecture.Name);
            var chosen = Optimizer.Find(parsed.GetValue(optimizer) ?? recipe.Optimizer);
            var options = new TrainingOptions(
                parsed.GetRequiredValue(output), Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))), parsed.GetValue(epochs),
                parsed.GetValue(batchSize) ?? Math.Min(DefaultBatchSize, dataset.ForTraining(0).Train.Count),
                parsed.GetValue(learningRate) ?? (chosen.Name == recipe.Optimizer ? recipe.LearningRate : chosen.DefaultLearningRate), chosen, parsed.GetValue(seed), parsed.GetValue(resume)).Checked();
            var network = architecture.Build(dataset.Train.Labels.Count, seed: options.Seed);
            ProgressDisplay.Run(parsed.GetValue(jsonLines), (tell, stop) =>
            {
                using var trainer = new Trainer(network, dataset, options, tell);
                trainer.Run(stop);
            }, stop);
        });
        return command;
    }
}
