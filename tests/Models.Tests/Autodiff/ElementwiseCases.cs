using Fovea.Models.Graphs;

namespace Fovea.Models.Tests.Autodiff;

/// <summary>Operators that work on each element by itself.</summary>
internal static class ElementwiseCases
{
    private static readonly Shape X = new(2, 3);

    public static readonly Dictionary<string, GradientCase> All = new()
    {
        ["Add"] = new([X, X], (g, x) => x[0] + x[1]),
        ["Add, broadcast"] = new([new(2, 1, 3), new(4, 1)], (g, x) => x[0] + x[1]),
        ["Sub"] = new([X, new(3)], (g, x) => x[0] - x[1]),
        ["Mul"] = new([X, new(2, 1)], (g, x) => x[0] * x[1]),
        ["Mul, of a value with itself"] = new([X], (g, x) => x[0] * x[0]),
        ["Div"] = new([X, new(3)], (g, x) => x[0] / x[1], Low: 0.5f, High: 2),
        ["Neg"] = new([X], (g, x) => -x[0]),
        ["Reciprocal"] = new([X], (g, x) => g.Apply("Reciprocal", [x[0]]), Low: 0.5f, High: 2),
        ["Abs"] = new([X], (g, x) => g.Apply("Abs", [x[0]])),
        ["Pow"] = new([X, new(3)], (g, x) => g.Pow(x[0], x[1]), Low: 0.5f, High: 2),
        ["Pow, square"] = new([X], (g, x) => g.Pow(x[0], g.Scalar(2))),
        ["Pow, cube of negative numbers too"] = new([X], (g, x) => g.Pow(x[0], g.Scalar(3))),
        ["Sqrt"] = new([X], (g, x) => g.Sqrt(x[0]), Low: 0.5f, High: 2),
        ["Exp"] = new([X], (g, x) => g.Exp(x[0])),
        ["Log"] = new([X], (g, x) => g.Log(x[0]), Low: 0.5f, High: 2),
        ["Erf"] = new([X], (g, x) => g.Apply("Erf", [x[0]])),
        ["Sum"] = new([X, new(3), new(2, 1)], (g, x) => g.Apply("Sum", x)),
        ["Mean"] = new([X, new(3), new(2, 1)], (g, x) => g.Apply("Mean", x)),
        ["Max"] = new([X, new(3)], (g, x) => g.Max(x[0], x[1])),
        ["Max, of three"] = new([X, X, new(1)], (g, x) => g.Apply("Max", x)),
        ["Min"] = new([X, new(2, 1)], (g, x) => g.Min(x[0], x[1])),
        ["Clip"] = new([X], (g, x) => g.Apply("Clip", [x[0], g.Scalar(-0.3f), g.Scalar(0.5f)])),
        ["Clip, without a lower bound"] = new([X], (g, x) => g.Apply("Clip", [x[0], null, g.Scalar(0.2f)])),
        ["Clip, without an upper bound"] = new([X], (g, x) => g.Apply("Clip", [x[0], g.Scalar(0.2f)])),
        ["Clip, without bounds"] = new([X], (g, x) => g.Apply("Clip", [x[0]])),
        ["Where"] = new([X, new(3)], (g, x) => g.Where(g.Greater(x[0], g.Scalar(0)), x[0], x[1])),
        ["Cast"] = new([X], (g, x) => g.Cast(g.Cast(x[0], ElementType.Double), ElementType.Float)),
        ["Identity"] = new([X], (g, x) => g.Apply("Identity", [x[0]])),

        ["Relu"] = new([X], (g, x) => g.Relu(x[0])),
        ["LeakyRelu"] = new([X], (g, x) => g.Apply("LeakyRelu", [x[0]])),
        ["LeakyRelu, steep"] = new([X], (g, x) => g.Apply("LeakyRelu", [x[0]], ("alpha", 0.3f))),
        ["PRelu"] = new([new(2, 3, 4), new(3, 1)], (g, x) => g.Apply("PRelu", [x[0], x[1]])),
        ["Elu"] = new([X], (g, x) => g.Apply("Elu", [x[0]])),
        ["Elu, shallow"] = new([X], (g, x) => g.Apply("Elu", [x[0]], ("alpha", 0.4f))),
        ["Selu"] = new([X], (g, x) => g.Apply("Selu", [x[0]])),
        ["Celu"] = new([X], (g, x) => g.Apply("Celu", [x[0]])),
        ["Celu, shallow"] = new([X], (g, x) => g.Apply("Celu", [x[0]], ("alpha", 0.4f))),
        ["Softsign"] = new([X], (g, x) => g.Apply("Softsign", [x[0]])),
        ["Softsign, far from zero"] = new([new(4, 5)], (g, x) => g.Apply("Softsign", [x[0]]), Low: -4, High: 4),
        ["Sigmoid"] = new([X], (g, x) => g.Sigmoid(x[0])),
        ["Tanh"] = new([X], (g, x) => g.Apply("Tanh", [x[0]])),
        ["Softplus"] = new([X], (g, x) => g.Apply("Softplus", [x[0]])),
        ["HardSigmoid"] = new([new(4, 5)], (g, x) => g.Apply("HardSigmoid", [x[0]]), Low: -4, High: 4),
        ["HardSigmoid, a sixth and a half"] = new(
            [new(4, 5)], (g, x) => g.Apply("HardSigmoid", [x[0]], ("alpha", 1 / 6f), ("beta", 0.5f)), Low: -4, High: 4),
        ["HardSwish"] = new([new(4, 5)], (g, x) => g.Apply("HardSwish", [x[0]]), Low: -4, High: 4),

        // These operators have a gradient of zero, so each case multiplies their output by a value that has a gradient.
        ["Floor"] = new([X], (g, x) => x[0] * g.Apply("Floor", [x[0] * 2])),
        ["Ceil"] = new([X], (g, x) => x[0] * g.Apply("Ceil", [x[0] * 2])),
        ["Round"] = new([X], (g, x) => x[0] * g.Apply("Round", [x[0] * 3])),
        ["Sign"] = new([X], (g, x) => x[0] * g.Sign(x[0])),
        ["Equal"] = new([X], (g, x) => x[0] * g.Mask(g.Equal(x[0], g.Relu(x[0])))),
        ["Greater"] = new([X, X], (g, x) => (x[0] - x[1]) * g.Mask(g.Greater(x[0], x[1]))),
        ["GreaterOrEqual"] = new([X, X], (g, x) => (x[0] - x[1]) * g.Mask(g.Apply("GreaterOrEqual", [x[0], x[1]]))),
        ["Less"] = new([X, X], (g, x) => (x[0] - x[1]) * g.Mask(g.Apply("Less", [x[0], x[1]]))),
        ["LessOrEqual"] = new([X, X], (g, x) => (x[0] - x[1]) * g.Mask(g.Apply("LessOrEqual", [x[0], x[1]]))),
        ["Not"] = new([X], (g, x) => x[0] * g.Mask(g.Not(Positive(g, x[0])))),
        ["And"] = new([X, X], (g, x) => (x[0] - x[1]) * g.Mask(g.Apply("And", [Positive(g, x[0]), Positive(g, x[1])]))),
        ["Or"] = new([X, X], (g, x) => (x[0] - x[1]) * g.Mask(g.Apply("Or", [Positive(g, x[0]), Positive(g, x[1])]))),
        ["Xor"] = new([X, X], (g, x) => (x[0] - x[1]) * g.Mask(g.Apply("Xor", [Positive(g, x[0]), Positive(g, x[1])]))),
    };

    private static Value Positive(Graph g, Value x) => g.Greater(x, g.Scalar(0));
}
