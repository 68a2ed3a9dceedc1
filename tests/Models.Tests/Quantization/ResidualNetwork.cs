using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Quantization;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Tests.Quantization;

/// <summary>
/// A small network with all that is quantised: normalised and depthwise convolutions, a sum, joined branches, pools and a dense layer.
/// </summary>
internal static class ResidualNetwork
{
    public const int Images = 16, Classes = 5;

    private static readonly Shape Image = new(3, 12, 12);

    public static Graph Build()
    {
        var g = new Graph("residual");
        var x = Normalized(g, g.Input("input", ElementType.Float, new(Shape.Free, 3, 12, 12)), "conv1", 8, 3);
        x = g.MaxPool(g.Relu(x, "conv1/relu"), Window.Square(2, 2), name: "pool1");
        var y = g.Relu(Normalized(g, x, "conv2", 8, 3), "conv2/relu");
        y = Normalized(g, y, "conv3", 8, 8, group: 8);
        x = g.Relu(g.Add("Add", [x, y], name: "sum").Output, "sum/relu");
        var small = g.Apply("Clip", [Conv(g, x, "small", 4, 1), g.Scalar(0), g.Scalar(6)]);
        var large = g.Relu(Conv(g, x, "large", 4, 3), "large/relu");
        x = g.Add("Concat", [small, large], [("axis", 1L)], "joined").Output;
        x = g.Apply("Dropout", [x]);
        x = g.Flatten(g.Apply("GlobalAveragePool", [x]), "flat");
        var w = g.Initializer("fc.weight", Drawn(11, new(Classes, 8), 1));
        var b = g.Initializer("fc.bias", Drawn(12, new(Classes), 0.3f));
        g.Output(g.Add("Gemm", [x, w, b], [("transB", 1L), ("alpha", 1.5f), ("beta", 0.5f)], "fc", outputs: "logits").Output);
        return g;
    }

    /// <summary>Images, [16, 3, 12, 12].</summary>
    public static float[] Pixels() => Drawn(1, new(Images, 3, 12, 12), 2).Floats.ToArray();

    /// <summary>Returns the outputs of a graph for the images.</summary>
    public static float[] Run(Graph graph)
    {
        using var session = Sessions.Open(graph);
        return Run(session);
    }

    public static float[] Run(InferenceSession session)
    {
        using var options = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(Pixels(), [Images, .. Image.ToInt64()]);
        using var outputs = session.Run(options, session.InputNames, [input], session.OutputNames);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    /// <summary>The quantised form, with ranges from the images.</summary>
    public static Graph Quantized(Graph network, int bits = 8, params string[] kept)
    {
        var folded = FoldedNormalization.Of(network);
        var plan = new QuantizationPlan(folded, [.. QuantizationPlan.LayersOf(folded).Where(layer => kept.Contains(layer.Name))]);
        var histograms = Histograms(folded, [.. plan.Quantized.Values.Distinct()]);
        return QuantizedNetwork.Of(folded, plan, value => histograms[value].Range(CalibrationMethod.MinMax), bits);
    }

    public static Tensor Drawn(int seed, Shape shape, float width)
    {
        var random = new SeededRandom(seed);
        var values = new float[shape.Size];
        foreach (ref float value in values.AsSpan())
        {
            value = random.Uniform(-width, width);
        }

        return Tensor.Of(shape, values);
    }

    private static Dictionary<Value, ValueHistogram> Histograms(Graph folded, Value[] values)
    {
        var found = new Dictionary<Value, ValueHistogram>();
        foreach (var value in values)
        {
            var copy = new Graph("part");
            var replaced = folded.Inputs.ToDictionary(input => input, input => copy.Input(input.Name, input.Type, input.Shape));
            folded.CopyTo(copy, replaced);
            copy.Output(value.Producer is null ? copy.Apply("Identity", [replaced[value]]) : replaced[value]);
            copy.Prune();
            found[value] = new();
            found[value].Widen(Run(copy));
        }

        return found;
    }

    private static Value Conv(Graph g, Value x, string name, int channels, int kernel, int group = 1)
    {
        var shape = new Shape(channels, x.Shape[1] / group, kernel, kernel);
        float width = MathF.Sqrt(6f / (shape[1] * kernel * kernel));
        var w = g.Initializer($"{name}.weight", Drawn(name.Length + kernel + channels, shape, width));
        return g.Conv(x, w, g.Initializer($"{name}.bias", Drawn(channels, new(channels), 0.2f)), Window.Square(kernel, padding: kernel / 2),
            group, name);
    }

    private static Value Normalized(Graph g, Value x, string name, int channels, int kernel, int group = 1)
    {
        var y = Conv(g, x, name, channels, group > 1 ? 3 : kernel, group);
        Value Of(string part, float from, float to)
        {
            float[] values = [.. Enumerable.Range(0, channels).Select(i => from + ((to - from) * i / channels))];
            return g.Initializer($"{name}/{part}", Tensor.Of(new(channels), values));
        }

        return g.Add(
            "BatchNormalization", [y, Of("scale", 0.5f, 1.5f), Of("shift", -0.3f, 0.3f), Of("mean", -0.2f, 0.4f), Of("variance", 0.5f, 2)],
            [("epsilon", 1e-3f)], $"{name}/norm").Output;
    }
}
