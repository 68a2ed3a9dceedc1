using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;
using Fovea.Models.Metadata;
using Fovea.Models.Onnx;
using Fovea.Models.Runtime;

namespace Fovea.Models.Tests.Adoption;

/// <summary>
/// A small classifier of 8x8 images, built in the forms that other software exports. All forms have the same weights: a 3x3 convolution, a
/// ReLU, the mean over the image, and a linear layer to four classes.
/// </summary>
internal static class ForeignNetwork
{
    public const int Side = 8, Filters = 6;

    public static readonly string[] Labels = ["ant", "bee", "cat", "dog"];

    /// <summary>An image of the input's size, as a BMP file.</summary>
    public static byte[] Image { get; } = Bitmap();

    /// <summary>Builds a graph.</summary>
    /// <param name="head">Emits what follows the linear layer, and returns the outputs. Default: nothing.</param>
    /// <param name="input">Emits what stands between the input and the convolution. Default: an NCHW input of floats with a free
    /// batch.</param>
    /// <param name="body">Emits what stands between the ReLU and the mean. Default: nothing.</param>
    /// <param name="classes">The number of outputs of the linear layer.</param>
    public static Graph Build(
        Func<Graph, Value, Value[]>? head = null, Func<Graph, Value>? input = null, Func<Graph, Value, Value>? body = null, int classes = 4)
    {
        var g = new Graph("foreign");
        var x = input?.Invoke(g) ?? g.Input("data", ElementType.Float, new Shape(-1, 3, Side, Side));
        var convolved = g.Conv(x, g.Initializer("w1", Random(1, 0.4f, Filters, 3, 3, 3)), g.Initializer("b1", Random(2, 0.1f, Filters)));
        var features = g.Relu(convolved);
        features = g.Flatten(g.Apply("GlobalAveragePool", [body?.Invoke(g, features) ?? features]));
        var w2 = g.Initializer("w2", First(Random(3, 3, Filters, 4), Filters, 4, classes));
        var b2 = g.Initializer("b2", First(Random(4, 1, 1, 4), 1, 4, classes, isVector: true));
        var logits = g.Add("Gemm", [features, w2, b2], name: "fc").Output;
        foreach (var output in head?.Invoke(g, logits) ?? [logits])
        {
            g.Output(output);
        }

        return g;
    }

    /// <summary>Writes a graph, changed as a message, and returns its path.</summary>
    public static string Write(this Graph graph, TemporaryFolder folder, Action<ModelProto>? change = null)
    {
        var model = ModelProto.Parser.ParseFrom(OnnxFile.ToBytes(graph));
        change?.Invoke(model);
        File.WriteAllBytes(folder["model.onnx"], Google.Protobuf.MessageExtensions.ToByteArray(model));
        return folder["model.onnx"];
    }

    /// <summary>The content of a model.json with the labels and an 8x8 crop.</summary>
    public static ModelMetadata Json(string[]? labels = null, Activation? activation = null) => new()
    {
        Labels = [.. labels ?? Labels],
        Preprocessing = new() { Crop = [Side, Side] },
        GivesRange = false,
        Activation = activation,
    };

    /// <summary>The probability of each label for <see cref="Image"/>.</summary>
    public static Dictionary<string, double> Answer(string path, ModelMetadata? json = null)
    {
        using var model = Classifier.Load(path, json ?? Json());
        return model.Classify(Image, new ImageLimits(), top: 100).ToDictionary(p => p.Label, p => p.Probability);
    }

    /// <summary>The logits that the plain network has for <see cref="Image"/>, from a file of Fovea's own form.</summary>
    public static float[] Logits()
    {
        using var folder = new TemporaryFolder();
        var graph = Build();
        Json().WriteTo(graph);
        using var model = Classifier.Load(graph.Write(folder));
        Assert.Null(model.Findings);
        var tensor = new float[3 * Side * Side];
        Preprocessor.Normalize(Preprocessor.Fit(Image, new ImageLimits(), model.Preprocessing), model.Preprocessing, tensor);
        var logits = new float[4];
        model.Run(tensor, 1, logits);
        return logits;
    }

    /// <summary>The plain network's softmax.</summary>
    public static double[] Softmax() => ProbabilityRule.Softmax(Logits());

    /// <summary>Fails unless the labels have these probabilities.</summary>
    public static void AssertAnswer(IReadOnlyList<double> expected, Dictionary<string, double> actual, double tolerance = 1e-4)
    {
        Assert.Equal(expected.Count, actual.Count);
        foreach (var (label, probability) in Labels.Zip(expected))
        {
            Assert.Equal(probability, actual[label], tolerance);
        }
    }

    public static Tensor Random(int seed, float range, params int[] shape)
    {
        var random = new SeededRandom(seed);
        var values = new float[new Shape(shape).Size];
        foreach (ref float value in values.AsSpan())
        {
            value = random.Uniform(-range, range);
        }

        return Tensor.Of(new Shape(shape), values);
    }

    /// <summary>The half-precision form of a tensor.</summary>
    public static Tensor Half(Tensor tensor) => new(
        ElementType.Float16, tensor.Shape,
        tensor.Floats.ToArray().SelectMany(value => BitConverter.GetBytes((System.Half)value)).ToArray());

    private static Tensor First(Tensor all, int rows, int columns, int kept, bool isVector = false)
    {
        var values = all.Floats.ToArray();
        float[] some = [.. Enumerable.Range(0, rows * kept).Select(i => values[(i / kept * columns) + (i % kept)])];
        return Tensor.Of(isVector ? new Shape(kept) : new Shape(rows, kept), some);
    }

    // 24 bits per pixel, bottom row first, rows of 24 bytes.
    private static byte[] Bitmap()
    {
        var random = new SeededRandom(9);
        var file = new byte[54 + (Side * Side * 3)];
        (file[0], file[1], file[10], file[14], file[26], file[28]) = ((byte)'B', (byte)'M', 54, 40, 1, 24);
        (file[18], file[22]) = (Side, Side);
        BitConverter.TryWriteBytes(file.AsSpan(2), file.Length);
        for (int i = 54; i < file.Length; i++)
        {
            file[i] = (byte)random.Uniform(0, 256);
        }

        return file;
    }
}
