using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;
using Fovea.Models.Runtime;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Datasets;
using Fovea.Training.Optimizers;
using Fovea.Training.Recipes;
using Fovea.Training.TransferLearning;
using ModelMetadata = Fovea.Models.Metadata.ModelMetadata;

namespace Fovea.Training.Tests.TransferLearning;

/// <summary>Fine-tuning of files whose scores come from several layers, or from an Einsum.</summary>
public sealed class SeveralHeadsTests : IDisposable
{
    private const int Side = 28;

    // From the features of two small networks, the scores of two classes.
    private static readonly Dictionary<string, Func<Graph, Value, Value, Value>> Forms = new()
    {
        ["ensemble"] = (g, x, y) => (g.Softmax(Dense(g, x, "a", 2)) + g.Softmax(Dense(g, y, "b", 2))) * 0.5f,
        ["joined sigmoids"] = (g, x, _) => g.Concat([g.Sigmoid(Dense(g, x, "a", 1)), g.Sigmoid(Dense(g, x, "b", 1))], 1),
        ["Einsum"] = (g, x, _) => g.Apply("Einsum", [x, g.Initializer("w", Numbers(3, 4, 2))], ("equation", "bf,fc->bc")),
        ["Einsum of a vector for each class"] = (g, x, _) => g.Apply(
            "Einsum", [g.Reshape(x, new Shape(0, 2, 2)), g.Initializer("w", Numbers(3, 2, 2))], ("equation", "bkc,kc->bk")),
        ["cosines"] = (g, x, _) => g.Initializer("w", Numbers(3, 2, 4)) is var w
            ? g.MatMul(x, g.Transpose(w / g.Sqrt(g.ReduceSum(w * w, [1], keep: true)), 1, 0)) * 10
            : x,
        ["sum of the same features for each class"] = (g, x, _) =>
            g.ReduceSum(g.Reshape(x, new Shape(0, 1, 4)) * g.Initializer("w", Numbers(3, 2, 4)), [2]),
        ["sum of a vector for each class"] = (g, x, _) =>
            g.ReduceSum(g.Reshape(x, new Shape(0, 2, 2)) * g.Initializer("w", Numbers(3, 1, 2, 2)), [2], keep: false)
            + g.Initializer("bias", Numbers(4, 2)),
    };

    private readonly TemporaryFolder folder = new();

    public SeveralHeadsTests()
    {
        var random = new SeededRandom(1);
        foreach (var (name, darkest) in new[] { ("dark", 10), ("light", 200), ("middle", 105) })
        {
            for (int i = 0; i < 12; i++)
            {
                Images.Write(folder[$"data/{(i < 8 ? "train" : "val")}/{name}/{i}.png"], (byte)(darkest + random.Uniform(0, 40)));
            }
        }
    }

    public static TheoryData<string, string> Runs => new MatrixTheoryData<string, string>(Forms.Keys, ["head", "full"]);

    public void Dispose() => folder.Dispose();

    [Theory, MemberData(nameof(Runs))]
    public void New_classes_are_learnt_and_classified(string form, string method)
    {
        var g = new Graph("base");
        var x = g.Input("data", ElementType.Float, new Shape(-1, 1, Side, Side));
        g.Output(Forms[form](g, Features(g, x, "first", 5), Features(g, x, "second", 6)));
        OnnxFile.Write(g, folder["base.onnx"]);
        var json = new ModelMetadata { Labels = ["no", "yes"], Preprocessing = new() { Crop = [Side, Side], Color = ColorOrder.Gray } };
        var model = BaseModel.Read(folder["base.onnx"], json);
        var told = new List<TrainingEvent>();
        var options = new TrainingOptions(folder["tuned.onnx"], "data", 2, 8, 1e-2, Optimizer.Create("sgd"), 1, Resume: false);
        new FineTuner(model, DatasetFolder.OpenForTraining(folder["data"], model.Preprocessing), options, told.Add)
            .Run(Enum.Parse<FineTuningMethod>(method, ignoreCase: true), TestContext.Current.CancellationToken);
        Assert.True(told.OfType<RunFinished>().Single().ValidationAccuracy > 0.9);
        Images.Write(folder["new.png"], 220);
        using var tuned = Classifier.Load(folder["tuned.onnx"]);
        Assert.Equal(["dark", "light", "middle"], tuned.Labels);
        Assert.Equal("light", tuned.Classify(File.ReadAllBytes(folder["new.png"]), new ImageLimits(), top: 1)[0].Label);
    }

    // The means of four filters over the image.
    private static Value Features(Graph g, Value x, string name, int seed)
    {
        var map = g.Conv(x, g.Initializer($"{name}.weight", Numbers(seed, 4, 1, 3, 3)), window: Window.Square(3, padding: 1));
        return g.Flatten(g.Apply("GlobalAveragePool", [g.Relu(map)]));
    }

    private static Value Dense(Graph g, Value x, string name, int outputs) =>
        g.Add("Gemm", [x, g.Initializer($"{name}.weight", Numbers(outputs, 4, outputs))], name: name).Output;

    private static Fovea.Models.Graphs.Tensor Numbers(int seed, params int[] shape)
    {
        var random = new SeededRandom(seed);
        return Fovea.Models.Graphs.Tensor.Of(
            new Shape(shape), [.. Enumerable.Range(0, (int)new Shape(shape).Size).Select(_ => random.Uniform(-0.2f, 1))]);
    }
}
