using System.CommandLine;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>The <c>finetune</c> command: trains an existing network for new classes.</summary>
internal static class FinetuneCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE")
        {
            Description = "An image classifier as an .onnx file, written by Fovea or by another program.",
        };
        var data = Arguments.Data();
        var method = new Option<string>("--method")
        {
            Description = "The weights to train: head (only a new last layer; the features of the other layers are computed once), "
                + "full (all weights; the old ones at a tenth of the learning rate) or auto (full from 500 images per class, else head).",
            DefaultValueFactory = _ => "auto",
        };
        method.AcceptOnlyFromAmong([.. FineTuningMethod.Names]);
        var preprocessing = Arguments.Preprocessing();
        var learning = new LearningArguments();
        var output = Arguments.Output();
        var command = new GroupedCommand(
            "finetune",
            "Trains an image classifier for new classes. A new last layer replaces the old one. "
            + "Options for epochs, optimization and checkpoints only affect the method full.")
        {
            file,
        };
        command.Add(new OptionGroup("Method", method));
        learning.AddTo(command, [data, preprocessing], [output]);
        command.SetWork((parsed, stop) =>
        {
            AtomicFile.EnsureWritable(parsed.GetRequiredValue(output));
            var device = learning.Device(parsed);
            var model = Arguments.Base(parsed.GetRequiredValue(file), parsed.GetValue(preprocessing));
            var dataset = DatasetFolder.OpenForTraining(parsed.GetRequiredValue(data), model.Preprocessing);
            var options = learning.Read(parsed, Recipe.ForFineTuning, dataset, parsed.GetRequiredValue(output), device);
            ProgressDisplay.Run(parsed.GetValue(learning.JsonLines), (publish, stop) =>
            {
                int images = dataset.ForTraining(options.Seed).Train.Count;
                var chosen = FineTuningMethod.Find(parsed.GetRequiredValue(method), images, dataset.Train.Labels.Count);
                if (!chosen.IsFull && learning.GivenOfSteps(parsed) is { Count: > 0 } unused)
                {
                    publish(new OptionsUnused(unused));
                }

                new FineTuner(model, dataset, options, publish).Run(chosen, stop);
            }, stop);
        });
        return command;
    }
}
