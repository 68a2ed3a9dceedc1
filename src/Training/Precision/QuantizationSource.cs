using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Quantization;
using Fovea.Models.Runtime;
using Fovea.Training.Datasets;
using ModelMetadata = Fovea.Models.Metadata.ModelMetadata;

namespace Fovea.Training.Precision;

/// <summary>A float network that is being quantised: its graph, and the distribution of its tensors' values.</summary>
internal sealed class QuantizationSource : IDisposable
{
    private readonly QuantizedFiles files = new();
    private readonly Graph network;
    private readonly ModelMetadata metadata;
    private readonly int weightBits;
    private readonly IReadOnlyDictionary<Value, ValueHistogram> histograms;

    /// <summary>Reads the network and calibrates it.</summary>
    /// <param name="model">The float network.</param>
    /// <param name="images">The calibration images.</param>
    /// <param name="weightBits">8, or 7 for processors on which sums of products may saturate.</param>
    /// <param name="stop">Cancels the calibration.</param>
    /// <exception cref="FoveaException">The network is quantised already, or has no layer that can be quantised.</exception>
    public QuantizationSource(Classifier model, Dataset images, int weightBits, CancellationToken stop)
    {
        (metadata, this.weightBits) = (model.Metadata, weightBits);
        network = FloatNetwork.Of(model);
        Layers = QuantizationPlan.LayersOf(network);
        if (Layers.Count == 0)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"{model.File} has no layer that can be quantised; expected a Conv, Gemm or MatMul with constant weights.");
        }

        var plan = new QuantizationPlan(network, []);
        Groups = plan.Groups;
        histograms = RangeCollector.Collect(network, [.. plan.Quantized.Keys], images, stop);
    }

    /// <summary>The layers that can compute with integers, in their order in the network.</summary>
    public IReadOnlyList<Node> Layers { get; }

    /// <summary>The layers and groups of layers that may stay floats; see <see cref="QuantizationPlan.Groups"/>.</summary>
    public IReadOnlyList<IReadOnlyList<Node>> Groups { get; }

    /// <summary>Returns the network, quantised as a form says.</summary>
    public Graph Graph(QuantizedForm form)
    {
        var plan = new QuantizationPlan(network, form.FloatLayers);
        var ranges = plan.Quantized.Values.Distinct().ToDictionary(value => value, value => histograms[value].Range(form.Method));
        var graph = QuantizedNetwork.Of(network, plan, value => ranges[value], weightBits);
        metadata.WriteTo(graph);
        return graph;
    }

    /// <summary>Quantises the network as a form says, and loads it as the service does. The caller disposes the result.</summary>
    public Classifier Load(QuantizedForm form) => files.Load(Graph(form), metadata);

    /// <summary>Deletes the folder of temporary files.</summary>
    public void Dispose() => files.Dispose();
}
