using Fovea.Models.Autodiff;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Tests.Autodiff;

/// <summary>At a corner of a function, where differences give no gradient, ours equals that of PyTorch.</summary>
public class TieTests
{
    public static TheoryData<string, float[], float[]> Corners => new()
    {
        { "Relu", [-1, 0, 1], [0, 0, 1] },
        { "LeakyRelu", [-1, 0, 1], [0.01f, 0.01f, 1] },
        { "Abs", [-2, 0, 2], [-1, 0, 1] },
        { "Sqrt", [1, 4, 16], [0.5f, 0.25f, 0.125f] },
        { "Clip", [-2, -1, 0, 1, 2], [0, 1, 1, 1, 0] },
        { "HardSigmoid", [-3, -2, 3], [0, 1 / 6f, 0] },
        { "HardSwish", [-4, 0, 3, 5], [0, 0.5f, 1, 1] },
        { "ReduceMax", [3, 1, 3, 2], [0.5f, 0, 0.5f, 0] },
        { "ReduceMin", [1, 1, 3, 1], [1 / 3f, 1 / 3f, 0, 1 / 3f] },
        { "ReduceL2", [0, 0, 0], [0, 0, 0] },
        { "GlobalMaxPool", [3, 1, 3, 2], [1, 0, 0, 0] },
        { "Max", [-1, 0, 1], [0, 0.5f, 1] },
        { "Pow", [0, 1, 2], [0, 2, 4] },
    };

    [Theory, MemberData(nameof(Corners))]
    public void Gradient_at_a_corner_is_PyTorchs(string op, float[] at, float[] expected)
    {
        var graph = new Graph("corner");
        var x = graph.Input("x", ElementType.Float, new Shape(1, 1, at.Length));
        var y = op switch
        {
            "Clip" => graph.Apply(op, [x, graph.Scalar(-1), graph.Scalar(1)]),
            "HardSigmoid" => graph.Apply(op, [x], ("alpha", 1 / 6f), ("beta", 0.5f)),
            "Max" => graph.Apply(op, [x, graph.Scalar(0)]),
            "Pow" => graph.Apply(op, [x, graph.Scalar(2)]),
            _ => graph.Apply(op, [x]),
        };
        graph.Output(Backward.From(graph.ReduceSum(y, []), [x])[0]);
        graph.Prune();

        using var session = Sessions.Open(graph);
        using var options = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(at, x.Shape.ToInt64());
        using var outputs = session.Run(options, ["x"], [input], session.OutputNames);
        Assert.All(expected.Zip(outputs[0].GetTensorDataAsSpan<float>().ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }
}
