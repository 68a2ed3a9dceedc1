using Fovea.Models.Graphs;

namespace Fovea.Models.Quantization;

/// <summary>
/// Decides which operators of a network compute with 16-bit floats. Convolutions and matrix products do. The operators after them do too,
/// so that no tensor is converted between two operators. An operator keeps 32-bit floats for one of the reasons in
/// <see cref="FloatReason"/>.
/// </summary>
internal sealed class HalfPrecisionPlan
{
    // The factor by which the values of other images may exceed those of the calibration images. A factor of 4 adds 2 to the exponent.
    private const float Headroom = 4;

    private readonly HashSet<Node> half = [];
    private readonly Dictionary<Node, FloatReason> kept = [];
    private readonly HashSet<Value> atOutput;

    /// <summary>Creates a plan for a network.</summary>
    /// <param name="network">The network, as <see cref="FoldedNormalization"/> returns it.</param>
    /// <param name="peaks">The largest magnitude of each tensor of <see cref="TensorsOf"/> over the calibration images.</param>
    public HalfPrecisionPlan(Graph network, IReadOnlyDictionary<Value, double> peaks)
    {
        atOutput = AtOutput(network);
        foreach (var node in network.Nodes.Where(node => IsLayer(node) || node.Inputs.Any(input => input?.Producer is { } p && IsHalf(p))))
        {
            if (Reason(node, peaks) is { } reason)
            {
                kept.Add(node, reason);
            }
            else
            {
                half.Add(node);
            }
        }
    }

    /// <summary>The operators that were considered for 16-bit floats but keep 32-bit floats, each with the reason.</summary>
    public IReadOnlyDictionary<Node, FloatReason> Kept => kept;

    /// <summary>The number of operators that compute with 16-bit floats.</summary>
    public int Count => half.Count;

    /// <summary>Whether an operator computes with 16-bit floats.</summary>
    public bool IsHalf(Node node) => half.Contains(node);

    /// <summary>Whether a node is a convolution or a matrix product, the operators for whose speed 16-bit floats are used.</summary>
    public static bool IsLayer(Node node) => OperatorTable.Find(node)?.Kind is LayerKind.Convolution or LayerKind.Dense;

    /// <summary>The float tensors of a network whose peaks the plan reads.</summary>
    public static IEnumerable<Value> TensorsOf(Graph network) => network.Inputs
        .Concat(network.Nodes.Where(node => node.Op != "Constant").SelectMany(node => node.Outputs))
        .Where(value => value is { Type: ElementType.Float, Name.Length: > 0 });

    // The tensors from the features on, if the network computes the energy of an image, for outliers; otherwise only the outputs. The
    // threshold for outliers needs all bits, and the order of the classes depends on small differences of the outputs.
    private static HashSet<Value> AtOutput(Graph network)
    {
        if (network.Outputs is not [var output, ..] || LogitEnergy.Before(output) is null)
        {
            return [.. network.Outputs];
        }

        var before = new HashSet<Value>();
        foreach (var node in network.Nodes.Reverse().Where(node => node.Op == "Conv" || node.Outputs.Any(before.Contains)))
        {
            before.UnionWith(node.Inputs.OfType<Value>());
        }

        return [.. network.Nodes.Where(node => node.Op != "Conv").SelectMany(node => node.Outputs).Where(value => !before.Contains(value))];
    }

    private FloatReason? Reason(Node node, IReadOnlyDictionary<Value, double> peaks)
    {
        if (OperatorTable.Find(node) is not { Shape: not null } row || row.Traits.HasFlag(Traits.NeedsFullPrecision) || node.Op == "Cast"
            || node.Inputs.OfType<Value>().Any(input => input.Type == ElementType.Unknown))
        {
            return FloatReason.Operator;
        }

        if (node.Outputs.Any(atOutput.Contains))
        {
            return FloatReason.Output;
        }

        Value[] floats = [.. node.Inputs.OfType<Value>().Concat(node.Outputs).Where(value => value.Type == ElementType.Float)];
        if (floats.Any(value => value.Constant is { } constant && HalfNumbers.Damage(constant)))
        {
            return FloatReason.Weights;
        }

        double[] found = [.. floats.Where(value => value.Constant is null && value.Name.Length > 0).Select(value => peaks[value])];
        return found.Any(peak => peak > HalfNumbers.Largest / Headroom) ? FloatReason.LargeValues
            : found.Any(peak => peak is > 0 and < HalfNumbers.SmallestPeak) ? FloatReason.SmallValues
            : null;
    }
}
