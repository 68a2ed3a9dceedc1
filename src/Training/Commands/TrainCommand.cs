using System.CommandLine;
using Fovea.Models.Architectures;
using Fovea.Models.Files;
using Fovea.Training.Library;
using Fovea.Training.Progress;

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
            var network = new NetworkTraining(
                Catalog.Find(parsed.GetRequiredValue(name)),
                InputSize.Parse(parsed.GetValue(input)),
                StemNames.Parse(parsed.GetValue(stemName)));
            var (dataset, check) = network.Open(parsed.GetRequiredValue(data), learning.SeedOf(parsed), stop);
            var options = learning.Read(parsed, network.Recipe, dataset, parsed.GetRequiredValue(output), device) with { Check = check };
            ProgressDisplay.Run(
                parsed.GetValue(learning.JsonLines), (publish, stop) => network.Run(dataset, options, publish, stop), stop);
        });
        return command;
    }
}
