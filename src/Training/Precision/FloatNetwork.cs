using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Quantization;
using Fovea.Models.Runtime;

namespace Fovea.Training.Precision;

/// <summary>Reads a network that is to be quantised.</summary>
internal static class FloatNetwork
{
    /// <summary>Returns the network of a loaded file with its batch normalisations folded.</summary>
    /// <exception cref="FoveaException">The network is quantised already.</exception>
    public static Graph Of(Classifier model)
    {
        var graph = model.ReadGraph();
        if (graph.Nodes.FirstOrDefault(node => node.Op is "QuantizeLinear" or "DequantizeLinear" || node.Op.Contains("Integer")
            || node.Op.StartsWith("QLinear", StringComparison.Ordinal)
            || node.Outputs.Any(output => output.Type == ElementType.Float16)) is { } quantized)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"{model.File} is quantised already: it has the node {quantized.Name} ({quantized.Op}); expected a network of floats.");
        }

        return FoldedNormalization.Of(graph);
    }
}
