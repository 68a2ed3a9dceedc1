using Fovea.Models.Adoption;
using Fovea.Models.Graphs;

namespace Fovea.Models.Quantization;

/// <summary>
/// Creates the graph of a network whose operators compute with 16-bit floats where a plan says so. Weights of these operators are stored in
/// 16 bits. The network's input and output stay 32-bit floats: Cast operators convert where 16-bit and 32-bit operators meet.
/// </summary>
internal sealed class HalfPrecisionNetwork
{
    private readonly HalfPrecisionPlan plan;
    private readonly GraphCopy copy;
    private readonly bool isSimulated;
    private readonly Dictionary<Value, Value> halves = [], floats = [];

    private HalfPrecisionNetwork(Graph network, HalfPrecisionPlan plan, bool isSimulated) =>
        (this.plan, copy, this.isSimulated) = (plan, new(network), isSimulated);

    /// <summary>Returns the network in 16 bits, with the input, output and metadata of the source.</summary>
    /// <param name="network">The network, as <see cref="FoldedNormalization"/> returns it; it is not changed.</param>
    /// <param name="plan">The plan for the network.</param>
    public static Graph Of(Graph network, HalfPrecisionPlan plan) => Made(network, plan, isSimulated: false);

    /// <summary>
    /// Returns the network with 32-bit operators whose weights and results are rounded to 16 bits, as a GPU computes. On CPUs, ONNX Runtime
    /// runs 16-bit operators as 32-bit ones and leaves out the rounding between them, so that the answers would seem better than a GPU's.
    /// </summary>
    public static Graph Simulated(Graph network, HalfPrecisionPlan plan) => Made(network, plan, isSimulated: true);

    private static Graph Made(Graph network, HalfPrecisionPlan plan, bool isSimulated)
    {
        var form = new HalfPrecisionNetwork(network, plan, isSimulated);
        form.copy.CopyInputs();
        form.copy.CopyNodes(form.Rewrite);
        return form.copy.Finish();
    }

    private IReadOnlyList<Value> Rewrite(Node node, Value?[] inputs)
    {
        bool isHalf = plan.IsHalf(node);
        Value?[] read =
        [
            .. node.Inputs.Zip(inputs, (from, input) => from is not { Type: ElementType.Float } || input is null ? input
                : isHalf ? Half(from, input) : Float(input)),
        ];
        var outputs = copy.Copied(node, read);
        if (isHalf && isSimulated)
        {
            return [.. node.Outputs.Zip(outputs, (from, to) => from.Type == ElementType.Float ? Rounded(to) : to)];
        }

        foreach (var (from, to) in node.Outputs.Zip(outputs).Where(pair => pair.First.Type == ElementType.Float))
        {
            to.Type = isHalf ? ElementType.Float16 : ElementType.Float;
        }

        return outputs;
    }

    private Value Half(Value from, Value input) => input.Type == ElementType.Float16 ? input
        : halves.TryGetValue(input, out var known) ? known
        : halves[input] = from.Constant is { } constant
            ? copy.Target.Initializer(
                $"{from.Name}:half", isSimulated ? HalfNumbers.RoundedFloats(constant) : HalfNumbers.Rounded(constant))
            : isSimulated ? Rounded(input) : Cast(input, ElementType.Float16, "half");

    // Rounds a value to 16 bits. The result is registered as its own rounded form, so that it is not rounded again.
    private Value Rounded(Value value)
    {
        var rounded = Cast(Cast(value, ElementType.Float16, "half"), ElementType.Float, "float");
        return halves[rounded] = rounded;
    }

    private Value Float(Value input) => input.Type != ElementType.Float16 ? input
        : floats.TryGetValue(input, out var known) ? known
        : floats[input] = Cast(input, ElementType.Float, "float");

    // A summary counts a node named LAYER/... as part of LAYER. The network's input is not a layer, so its cast gets another name.
    private Value Cast(Value value, ElementType type, string ending) => copy.Target.Add(
        "Cast", [value], [("to", (long)type)], name: $"{value.Name}{(value.Producer is null ? "_" : "/")}{ending}").Output;
}
