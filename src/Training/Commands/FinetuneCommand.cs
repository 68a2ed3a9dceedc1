using System.CommandLine;
using Fovea.Models;

namespace Fovea.Training;

/// <summary><c>finetune</c>: a trained network is taught new classes.</summary>
internal static class FinetuneCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "An .onnx image classifier, from here or from elsewhere." };
        var data = Arguments.Data();
        var method = new Option<string>("--method")
        {
            Description = "What learns: head (a new last layer on frozen features, which are computed once), full (everything, what was there a tenth as fast) or auto (by the number of images).",
            DefaultValueFactory = _ => "auto",
        };
        method.AcceptOnlyFromAmong([.. FineTuningMethod.Names]);
        var preprocessing = Arguments.Preprocessing();
        var learning = new LearningArguments();
        var output = Arguments.Output();
        var command = new Command("finetune", "Teaches an ONNX classifier new classes: replaces its last layer. Epochs, rates and checkpoints are of the method full.") { file, data, method, preprocessing, output };
        learning.AddTo(command);
        command.SetWork((parsed, stop) =>
        {
            AtomicFile.EnsureWritable(parsed.GetRequiredValue(output));
            var device = learning.Device(parsed);
            var model = Arguments.Base(parsed.GetRequiredValue(file), parsed.GetValue(preprocessing));
            var dataset = DatasetFolder.OpenForTraining(parsed.GetRequiredValue(data), model.Preprocessing);
            var options = learning.Read(parsed, Recipe.ForFineTuning, dataset, parsed.GetRequiredValue(output), device);
            ProgressDisplay.Run(parsed.GetValue(learning.JsonLines), (tell, stop) =>
            {
                var chosen = FineTuningMethod.Find(parsed.GetRequiredValue(method), dataset.ForTraining(options.Seed).Train.Count, dataset.Train.Labels.Count);
                if (!chosen.IsFull && learning.GivenOfSteps(parsed) is { Count: > 0 } unused)
                {
                    tell(new OptionsUnused(unused));
                }

                new FineTuner(model, dataset, options, tell).Run(chosen, stop);
            }, stop);
        });
        return command;
    }
}
