// Builds a network, trains it on a folder of images, fine-tunes the built-in base on the same images, and explains an answer.
//
//   dotnet run -- FOLDER      a sub-folder of images for each class, such as samples/objects

using Fovea.Models.Architectures;
using Fovea.Models.Explanations;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Runtime;
using Fovea.Models.Summary;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Library;

string folder = args is [var given] ? given : throw new ArgumentException("expected a folder of images");
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};

// Build: a graph with random weights, its layers, and its file.
var network = Catalog.Find("lenet5").Build(classes: 3);
Console.WriteLine(SummaryTable.ToText(NetworkSummary.Of(network)));
OnnxFile.Write(network, "untrained.onnx");

// Train from random weights.
var progress = new Progress<TrainingEvent>(e =>
{
    if (e is EpochDone epoch)
    {
        Console.WriteLine($"epoch {epoch.Epoch}: validation accuracy {epoch.ValidationAccuracy:P0}");
    }
});
var training = new TrainingRun { Network = "lenet5", Data = folder, Output = "trained.onnx", Epochs = 3 };
var trained = await training.RunAsync(progress, stop.Token);
Console.WriteLine($"trained: {trained.ValidationAccuracy:P0}, see {trained.Report}");

// Fine-tune a network that knows ImageNet. It takes seconds and needs few images.
var tuned = await new FineTuningRun { Data = folder, Output = "tuned.onnx", Method = "head" }.RunAsync(progress, stop.Token);
Console.WriteLine($"tuned: {tuned.ValidationAccuracy:P0}, see {tuned.Report}");

// Classify, and show the places that speak for the answer.
var image = Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Last();
byte[] bytes = await File.ReadAllBytesAsync(image, stop.Token);
using var model = Classifier.Load(tuned.Path);
var best = model.Classify(bytes, new ImageLimits(), top: 1)[0];
using var explainer = new Explainer(model);
var explained = explainer.Explain(bytes, new ImageLimits(), stop: stop.Token);
await File.WriteAllBytesAsync(
    "explained.png", HeatMapPicture.ToPng(ImageDecoder.Decode(bytes, new ImageLimits()), explained.Map), stop.Token);
Console.WriteLine($"{image}: {best.Label} {best.Probability:P1}, see explained.png");
