using System.CommandLine;
using Fovea.Training;

var root = new RootCommand("Fovea: convolutional networks as ONNX files, built, trained, evaluated and used.")
{
    ModelsCommand.Create(),
    SummaryCommand.Create(),
    BuildCommand.Create(),
    ImportCommand.Create(),
    TrainCommand.Create(),
    FinetuneCommand.Create(),
    EvaluateCommand.Create(),
    ClassifyCommand.Create(),
    DataCommand.Create(),
    WeightsCommand.Create(),
    BenchmarkCommand.Create(),
};
return await CommandLine.RunAsync(root, args);
