using System.CommandLine;
using Fovea.Models.Architectures;
using Fovea.Models.Files;
using Fovea.Models.Metadata;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Datasets;
using Fovea.Training.Progress;
using Fovea.Training.Recipes;
using Fovea.Training.Runs;

namespace Fovea.Training.Commands;

/// <summary>The <c>train</c> command: trains a network from random weights and writes a file that can be served.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        var name = Arguments.Name();
        var data = Arguments.Data();
        var input = Arguments.Input();
        var stemName = Arguments.Stem();
        var learning = new LearningArguments();
        var output = Arguments.Output();
        var command = new GroupedCommand("train", "Trains a network of the catalog from random weights.") { name };
        learning.AddTo(command, [data, input, stemName], [output]);
        command.SetWork((parsed, stop) =>
        {
            AtomicFile.EnsureWritable(parsed.GetRequiredValue(output));
            var device = learning.Device(parsed);
            var architecture = Catalog.Find(parsed.GetRequiredValue(name));
            var size = InputSize.Parse(parsed.GetValue(input));
            var stem = StemNames.Parse(parsed.GetValue(stemName));
            var preprocessing = ModelMetadata.Read(architecture.Build(input: size, stem: stem).Metadata).Preprocessing!;
            var dataset = DatasetFolder.OpenForTraining(parsed.GetRequiredValue(data), preprocessing).WithoutReframing();
            var options = learning.Read(parsed, architecture.Recipe, dataset, parsed.GetRequiredValue(output), device);
            var network = architecture.Build(dataset.Train.Labels.Count, size, options.Seed, architecture.HasAuxiliary, stem);
            ProgressDisplay.Run(parsed.GetValue(learning.JsonLines), (publish, stop) =>
            {
                publish(new RecipeChosen(
                    $"{ImageTraits.Of(dataset.Sample, dataset.ForTraining(options.Seed).Train)}",
                    $"{options.Augmentation}",
                    options.Schedule,
                    options.WarmUp,
                    options.LabelSmoothing));
                using var trainer = new Trainer(network, dataset, options, publish);
                trainer.Run(stop);
            }, stop);
        });
        return command;
    }
}
