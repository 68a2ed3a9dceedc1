using System.CommandLine;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>The <c>train</c> command: trains a network from random weights and writes a file that can be served.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        var name = Arguments.Name();
        var data = Arguments.Data();
        var input = Arguments.Input();
        var learning = new LearningArguments();
        var output = Arguments.Output();
        var command = new GroupedCommand("train", "Trains a network of the catalog from random weights.") { name };
        learning.AddTo(command, [data, input], [output]);
        command.SetWork((parsed, stop) =>
        {
            AtomicFile.EnsureWritable(parsed.GetRequiredValue(output));
            var device = learning.Device(parsed);
            var architecture = Catalog.Find(parsed.GetRequiredValue(name));
            var size = InputSize.Parse(parsed.GetValue(input));
            var preprocessing = ModelMetadata.Read(architecture.Build(input: size).Metadata).Preprocessing!;
            var dataset = DatasetFolder.OpenForTraining(parsed.GetRequiredValue(data), preprocessing);
            var options = learning.Read(parsed, Recipe.For(architecture.Name), dataset, parsed.GetRequiredValue(output), device);
            var network = architecture.Build(dataset.Train.Labels.Count, size, options.Seed, auxiliary: architecture.HasAuxiliary);
            ProgressDisplay.Run(parsed.GetValue(learning.JsonLines), (publish, stop) =>
            {
                using var trainer = new Trainer(network, dataset, options, publish);
                trainer.Run(stop);
            }, stop);
        });
        return command;
    }
}
