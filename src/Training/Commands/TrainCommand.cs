using System.CommandLine;
using Fovea.Models;

namespace Fovea.Training;

/// <summary><c>train</c>: a network from random weights to a file that can be served.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        var name = Arguments.Name();
        var data = Arguments.Data();
        var input = Arguments.Input();
        var learning = new LearningArguments();
        var output = Arguments.Output();
        var command = new Command("train", "Trains a network from scratch.") { name, data, input, output };
        learning.AddTo(command);
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
            ProgressDisplay.Run(parsed.GetValue(learning.JsonLines), (tell, stop) =>
            {
                using var trainer = new Trainer(network, dataset, options, tell);
                trainer.Run(stop);
            }, stop);
        });
        return command;
    }
}
