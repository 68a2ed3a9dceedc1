using Fovea.Models.Autodiff;
using Fovea.Models.Graphs;
using Fovea.Models.Rewrites;

namespace Fovea.Models.Tests.Autodiff;

public class GradientRulesTests
{
    private static readonly Shape X = new(2, 3), Images = new(2, 3, 7, 6);

    private static readonly Dictionary<string, GradientCase> Windows = new()
    {
        ["MatMul"] = new([X, new(3, 4)], (g, x) => g.MatMul(x[0], x[1])),
        ["MatMul, batched and broadcast"] = new([new(5, 2, 3), new(3, 4)], (g, x) => g.MatMul(x[0], x[1])),
        ["MatMul, of two batches, one broadcast"] = new([new(2, 1, 2, 3), new(4, 3, 2)], (g, x) => g.MatMul(x[0], x[1])),
        ["MatMul, a vector on the left"] = new([new(3), new(3, 4)], (g, x) => g.MatMul(x[0], x[1])),
        ["MatMul, a vector on the right"] = new([new(2, 4, 3), new(3)], (g, x) => g.MatMul(x[0], x[1])),
        ["MatMul, of vectors"] = new([new(3), new(3)], (g, x) => g.MatMul(x[0], x[1])),
        ["MatMul, a vector by a batch"] = new([new(3), new(5, 3, 2)], (g, x) => g.MatMul(x[0], x[1])),
        ["Gemm"] = new([X, new(3, 4), new(4)], (g, x) => g.Gemm(x[0], x[1], x[2])),
        ["Gemm, left transposed"] = new([new(3, 2), new(3, 4)], (g, x) => g.Gemm(x[0], x[1], transA: true)),
        ["Gemm, right transposed"] = new([X, new(4, 3), new(2, 1)], (g, x) => g.Gemm(x[0], x[1], x[2], transB: true)),
        ["Gemm, both transposed and scaled"] = new([new(3, 2), new(4, 3), new(4)], (g, x) =>
            g.Apply("Gemm", [x[0], x[1], x[2]], ("transA", 1L), ("transB", 1L), ("alpha", 0.5f), ("beta", 2f))),
        ["Conv"] = new([Images, new(4, 3, 3, 3), new(4)], (g, x) => g.Conv(x[0], x[1], x[2])),
        ["Conv, one channel"] = new([new(3, 1, 6, 6), new(2, 1, 5, 5)], (g, x) => g.Conv(x[0], x[1])),
        ["Conv, strides that leave rows over"] = new(
            [Images, new(4, 3, 3, 2)], (g, x) => g.Conv(x[0], x[1], window: new([3, 2], [3, 4], [0, 0], [0, 0], [1, 1]))),
        ["Conv, uneven padding"] = new(
            [Images, new(2, 3, 3, 3)], (g, x) => g.Conv(x[0], x[1], window: new([3, 3], [2, 2], [0, 1], [2, 1], [1, 1]))),
        ["Conv, dilated"] = new(
            [Images, new(2, 3, 3, 2)], (g, x) => g.Conv(x[0], x[1], window: new([3, 2], [1, 2], [1, 1], [1, 1], [2, 3]))),
        ["Conv, batch of more images than groups"] = new([new(34, 2, 4, 4), new(2, 2, 3, 3)], (g, x) => g.Conv(x[0], x[1])),
        ["Conv, grouped"] = new([new(4, 6, 5, 5), new(4, 3, 3, 3), new(4)], (g, x) => g.Conv(x[0], x[1], x[2], group: 2)),
        ["Conv, of many channels"] = new([new(2, 8, 3, 4), new(32, 8, 1, 1)], (g, x) => g.Conv(x[0], x[1])),
        ["Conv, depthwise with strides"] = new(
            [new(3, 4, 7, 6), new(4, 1, 3, 3)], (g, x) => g.Conv(x[0], x[1], window: Window.Square(3, 2, 1), group: 4)),
        ["Conv, depthwise with several filters a channel"] = new(
            [new(34, 2, 4, 4), new(6, 1, 3, 3)], (g, x) => g.Conv(x[0], x[1], group: 2)),
        ["ConvTranspose"] = new([new(2, 4, 3, 4), new(4, 2, 3, 3), new(2)], (g, x) => g.Apply("ConvTranspose", x)),
        ["ConvTranspose, strides with output padding"] = new(
            [new(2, 3, 3, 4), new(3, 2, 3, 2)], (g, x) => g.ConvTranspose(x[0], x[1], new([3, 2], [2, 3], [1, 0], [1, 1], [1, 1]), [1, 2])),
        ["ConvTranspose, grouped and dilated"] = new(
            [new(2, 4, 4, 3), new(4, 3, 2, 3)],
            (g, x) => g.ConvTranspose(x[0], x[1], new([2, 3], [1, 2], [0, 1], [1, 1], [2, 1]), [0, 0], group: 2)),
        ["MaxPool"] = new([Images], (g, x) => g.MaxPool(x[0], Window.Square(2, 2)), Low: -20, High: 20),
        ["MaxPool, overlapping"] = new([Images], (g, x) => g.MaxPool(x[0], Window.Square(3, 2)), Low: -20, High: 20),
        ["MaxPool, padded, step 1"] = new([Images], (g, x) => g.MaxPool(x[0], Window.Square(3, 1, 1)), Low: -20, High: 20),
        ["MaxPool, rounding up"] = new([new(2, 3, 8, 6)], (g, x) => g.MaxPool(x[0], Window.Square(3, 2), ceil: true), Low: -20, High: 20),
        ["BatchNormalization"] = new(
            [Images, new(3), new(3), new(3), new(3)],
            (g, x) => g.Apply("BatchNormalization", [x[0], x[1], x[2], x[3], x[4]]),
            Low: 0.5f,
            High: 2,
            Constant: [3, 4]),
        ["BatchNormalization, by the batch"] = new(
            [new(4, 3, 2, 3), new(3), new(3), new(3), new(3)],
            (g, x) => g.BatchNormalization(x[0], x[1], x[2], x[3], x[4], 1e-5f).Y,
            Low: 0.5f,
            High: 2,
            Constant: [3, 4]),
        ["LRN"] = new(
            [new(2, 7, 3, 2)],
            (g, x) => g.Apply("LRN", [x[0]], ("size", 5L), ("alpha", 0.5f), ("beta", 0.75f), ("bias", 2f)),
            Low: -3,
            High: 3),
        ["Dropout"] = new([X], (g, x) => g.Apply("Dropout", [x[0], g.Scalar(0.5f)])),
        ["Dropout, without a ratio"] = new([X], (g, x) => g.Apply("Dropout", [x[0]])),
        ["AveragePool"] = new([new(2, 3, 6, 4)], (g, x) => g.AveragePool(x[0], Window.Square(2, 2))),
        ["AveragePool, oblong tiles"] = new([new(2, 3, 6, 4)], (g, x) => g.AveragePool(x[0], new([3, 2], [3, 2], [0, 0], [0, 0], [1, 1]))),
        ["AveragePool, overlapping"] = new([Images], (g, x) => g.AveragePool(x[0], Window.Square(3, 2))),
        ["AveragePool, padded, padding counted"] = new([Images], (g, x) => g.AveragePool(x[0], Window.Square(3, 2, 1), countPadding: true)),
        ["AveragePool, padded, padding not counted"] = new([Images], (g, x) => g.AveragePool(x[0], Window.Square(3, 2, 1))),
        ["AveragePool, rounding up"] = new([new(2, 3, 8, 6)], (g, x) => g.AveragePool(x[0], Window.Square(3, 2), ceil: true)),
        ["AveragePool, rows left over"] = new([Images], (g, x) => g.AveragePool(x[0], Window.Square(4, 4))),
    };

    // The cases by operator. Several cases of one operator differ by a remark in their names.
    internal static readonly Dictionary<string, GradientCase> Cases = ((IEnumerable<KeyValuePair<string, GradientCase>>)[
        .. Windows, .. ElementwiseCases.All, .. AxisCases.All, .. PlaceCases.All,
    ]).ToDictionary();

    public static TheoryData<string> Operators => new(OperatorTable.Rows.Where(row => row.IsDifferentiable).Select(row => row.Name));

    public static TheoryData<string> CaseNames => new(Cases.Keys);

    [Theory, MemberData(nameof(Operators))]
    public void Every_rule_has_a_case(string op) => Assert.Contains(op, Cases.Keys);

    [Theory, MemberData(nameof(CaseNames))]
    public void Rule_matches_central_differences(string name)
    {
        var check = Cases[name];
        Assert.InRange(
            NumericGradient.RelativeError(check.Inputs, check.Function, (check.Low, check.High), constant: check.Constant), 0, 1e-2);
    }

    [Theory, MemberData(nameof(CaseNames))]
    [Trait("Needs", "time")]
    public void Rule_matches_central_differences_in_the_forms_for_CUDA(string name)
    {
        var check = Cases[name];
        Assert.InRange(
            NumericGradient.RelativeError(check.Inputs, check.Function, (check.Low, check.High), constant: check.Constant, cuda: true),
            0,
            1e-2);
    }

    public static TheoryData<string> TrainingRewrites => new(
        RewriteTable.Rows.Where(row => (row.Uses & ~RewriteUses.ServingOnCpu) != 0).Select(row => row.Name));

    [Theory, MemberData(nameof(TrainingRewrites))]
    public void Each_rewrite_for_training_has_a_case(string name)
    {
        var row = RewriteTable.Rows.Single(row => row.Name == name);
        Assert.Contains(Cases.Values, check => Differentiated(check).Nodes.Any(row.Suits));
    }

    [Theory, MemberData(nameof(CaseNames))]
    public void A_case_is_about_the_operator_it_names(string name)
    {
        var graph = new Graph("case");
        Cases[name].Function(graph, [.. Cases[name].Inputs.Select((shape, i) => graph.Input($"x{i}", ElementType.Float, shape))]);
        Assert.Contains(graph.Nodes, node => node.Op == name.Split(',')[0]);
    }

    private static Graph Differentiated(GradientCase check)
    {
        var graph = new Graph("case");
        Value[] inputs = [.. check.Inputs.Select((shape, i) => graph.Input($"x{i}", ElementType.Float, shape))];
        var loss = graph.ReduceSum(check.Function(graph, inputs), []);
        Backward.From(loss, [.. inputs.Where((_, i) => check.Constant?.Contains(i) != true)]);
        return graph;
    }
}
