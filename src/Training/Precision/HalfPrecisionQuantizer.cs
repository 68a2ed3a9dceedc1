using System.Globalization;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Models.Quantization;
using Fovea.Models.Runtime;

namespace Fovea.Training.Precision;

/// <summary>
/// Writes a network in 16-bit floats: finds the largest values of its tensors on the calibration images, keeps 32-bit floats where 16 bits
/// do not hold the values, and compares the result with the float network.
/// </summary>
/// <param name="model">The float network.</param>
/// <param name="images">The images.</param>
/// <param name="say">Receives a line of text for each step.</param>
internal sealed class HalfPrecisionQuantizer(Classifier model, HeldImages images, Action<string> say)
{
    /// <summary>Converts the network.</summary>
    /// <returns>The network with its record in the metadata, and the comparison.</returns>
    /// <exception cref="FoveaException">The network cannot be converted, or an image cannot be read.</exception>
    public (Graph Network, QuantizationReport Report) Run(CancellationToken stop)
    {
        say(string.Create(CultureInfo.InvariantCulture, $"Calibrating on {images.Calibration.Count} images."));
        var network = FloatNetwork.Of(model);
        var plan = new HalfPrecisionPlan(network, Peaks(network, stop));
        Node[] layers = [.. network.Nodes.Where(HalfPrecisionPlan.IsLayer)];
        if (!layers.Any(plan.IsHalf))
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"{model.File} has no layer that can compute with 16-bit floats; expected a Conv, Gemm or MatMul before the output, with "
                + "values from 2^-13 to 16376.");
        }

        var halves = HalfPrecisionNetwork.Of(network, plan);
        model.Metadata.WriteTo(halves);
        using var files = new QuantizedFiles();
        using var quantized = files.Load(halves, model.Metadata);
        var simulated = HalfPrecisionNetwork.Simulated(network, plan);
        model.Metadata.WriteTo(simulated);
        using var answering = files.Load(simulated, model.Metadata);
        var report = new QuantizationJudge(model, images, say).Judge(
            answering,
            quantized,
            halves,
            new(QuantizedNumbers.Fp16, "peaks", 16, layers.Length, 0)
            {
                FloatLayers = [.. layers.Where(layer => !plan.IsHalf(layer)).Select(layer => layer.Name)],
                HalfPrecision = HalfPrecisionReport.Of(network, plan),
            },
            stop);
        return (halves, report);
    }

    private Dictionary<Value, double> Peaks(Graph network, CancellationToken stop) =>
        RangeCollector.Collect(network, [.. HalfPrecisionPlan.TensorsOf(network)], images.Calibration, stop, extentOnly: true)
            .ToDictionary(pair => pair.Key, pair => pair.Value.Extent);
}
