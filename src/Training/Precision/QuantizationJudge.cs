using System.Globalization;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;

namespace Fovea.Training.Precision;

/// <summary>Compares a quantised network with the float network, and writes the comparison into the quantised network's metadata.</summary>
/// <param name="model">The float network.</param>
/// <param name="images">The images.</param>
/// <param name="say">Receives a line of text for each step.</param>
internal sealed class QuantizationJudge(Classifier model, HeldImages images, Action<string> say)
{
    /// <summary>Compares the answers and the speed of the quantised network and the float network.</summary>
    /// <param name="quantized">A network with the answers of the quantised network, loaded.</param>
    /// <param name="timed">The quantised network, loaded.</param>
    /// <param name="network">The graph of the quantised network, which gets the record.</param>
    /// <param name="made">How the network was quantised.</param>
    /// <param name="stop">Cancels the comparison.</param>
    /// <exception cref="Models.Errors.FoveaException">An image cannot be read any more.</exception>
    public QuantizationReport Judge(
        Classifier quantized, Classifier timed, Graph network, QuantizationSummary made, CancellationToken stop)
    {
        say(string.Create(CultureInfo.InvariantCulture, $"Comparing on {images.Judging.Count} images."));
        var judged = new FloatAnswers(model, images.Judging, images.HasClasses, stop).Compare(quantized.Run, stop);
        var calibration = new FloatAnswers(model, images.Calibration, hasClasses: false, stop).Compare(quantized.Run, stop);
        var (floatTimes, quantizedTimes) = RunTimes.Of(model, timed, stop);
        var record = new QuantizationRecord(
            new WeightsSource(Path.GetFileName(model.File), model.Sha256),
            made.Calibration,
            images.Calibration.Count,
            calibration.Agreement,
            made.WeightBits,
            [.. made.FloatLayers],
            judged.Images,
            judged.Agreement,
            images.HasClasses ? judged.Accuracy : null,
            images.HasClasses ? judged.FloatAccuracy : null,
            made.Numbers);
        (ModelMetadata.Read(network.Metadata) with { Quantization = record }).WriteTo(network);
        return QuantizationReport.Of(record, made, floatTimes, quantizedTimes);
    }
}

/// <summary>The way in which a network was quantised.</summary>
/// <param name="Numbers">The numbers with which the network computes.</param>
/// <param name="Calibration">How ranges were found: minMax, entropy or percentile; peaks for 16-bit floats.</param>
/// <param name="WeightBits">The bits of the weights: 7 or 8; 16 for 16-bit floats.</param>
/// <param name="Layers">The number of layers that could be quantised.</param>
/// <param name="ChoosingImages">The number of images by which the method and the float layers were chosen.</param>
internal sealed record QuantizationSummary(
    QuantizedNumbers Numbers, string Calibration, int WeightBits, int Layers, int ChoosingImages)
{
    /// <summary>The names of the layers that still compute with 32-bit floats.</summary>
    public IReadOnlyList<string> FloatLayers { get; init; } = [];

    /// <summary>The operators and weights of 16-bit floats; <c>null</c> for integers.</summary>
    public HalfPrecisionReport? HalfPrecision { get; init; }
}
