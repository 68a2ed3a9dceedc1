using System.Globalization;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Models.Quantization;
using Fovea.Models.Runtime;
using Fovea.Training.Datasets;

namespace Fovea.Training.Precision;

/// <summary>
/// Quantises a network: calibrates it in several ways, takes the calibration that keeps most of the accuracy, leaves the layers that cost
/// accuracy as floats, and compares the result with the float network.
/// </summary>
/// <param name="model">The float network.</param>
/// <param name="images">The images.</param>
/// <param name="options">The settings.</param>
/// <param name="say">Receives a line of text for each step.</param>
internal sealed class Quantizer(Classifier model, HeldImages images, QuantizationOptions options, Action<string> say)
{
    // The number of images that the search for layers uses. It is small, because the search compares some hundred forms of the network.
    private const int SearchImages = 64;

    /// <summary>Quantises the network.</summary>
    /// <returns>The quantised network with its record in the metadata, and the comparison.</returns>
    /// <exception cref="Models.Errors.FoveaException">The network cannot be quantised, or an image cannot be read.</exception>
    public (Graph Network, QuantizationReport Report) Run(CancellationToken stop)
    {
        say(Text($"Calibrating on {images.Calibration.Count} images."));
        using var source = new QuantizationSource(model, images.Calibration, options.WeightBits, stop);
        var form = Chosen(source, stop);
        using var integers = source.Load(form);
        var network = source.Graph(form);
        var report = new QuantizationJudge(model, images, say).Judge(
            integers,
            integers,
            network,
            new(QuantizedNumbers.Int8, NameOf(form.Method), options.WeightBits, source.Layers.Count, images.Choosing.Count)
            {
                FloatLayers = [.. form.FloatLayers.Select(layer => layer.Name)],
            },
            stop);
        return (network, report);
    }

    // Returns the best method of calibration, and the layers that stay floats if the method alone does not keep enough accuracy.
    private QuantizedForm Chosen(QuantizationSource source, CancellationToken stop)
    {
        var choosing = new FloatAnswers(model, images.Choosing, images.HasClasses, stop);
        var best = (Form: new QuantizedForm(CalibrationMethod.MinMax, []), Result: (Comparison?)null);
        foreach (var method in Enum.GetValues<CalibrationMethod>())
        {
            var form = new QuantizedForm(method, []);
            var result = Compared(choosing, form);
            say(Text($"{NameOf(method)}: {Said(result)} of {result.Images} images, divergence {result.Divergence:G3}."));
            if (best.Result is not { } least || Order(result).CompareTo(Order(least)) < 0)
            {
                best = (form, result);
            }
        }

        // The search aims at half of the allowed drop, because the drop on the images for judging may be larger.
        double accepted = options.LargestDrop(images.HasClasses) / 2;
        if (best.Result!.Drop <= accepted || options.SearchTime <= TimeSpan.Zero)
        {
            return best.Form;
        }

        say(Text($"Measuring {source.Layers.Count} layers, alone and beside their neighbours, ")
            + Text($"for at most {options.SearchTime.TotalMinutes:0.#} minutes."));
        var few = images.Choosing.Count <= SearchImages
            ? choosing
            : new FloatAnswers(model, Spread(images.Choosing), images.HasClasses, stop);
        var search = new LayerSearch(
            source.Groups, form => Compared(few, form).Divergence, form => Compared(choosing, form).Drop, accepted, options.SearchTime);
        var found = search.Run(best.Form, count => Progress(count, source.Groups.Count), stop);
        if (found.FloatLayers.Count > 0)
        {
            var names = string.Join(", ", found.FloatLayers.Select(layer => layer.Name));
            say($"Floats stay in {names}: {Said(Compared(choosing, found))}.");
        }

        return found;

        // If the quantised network gives more right answers than the float network, this is luck. So a negative drop counts as 0.
        static (double Drop, double Divergence) Order(Comparison result) => (Math.Max(result.Drop, 0), result.Divergence);

        Comparison Compared(FloatAnswers answers, QuantizedForm form)
        {
            using var candidate = source.Load(form);
            return answers.Compare(candidate.Run, stop);
        }
    }

    // Selects evenly spaced images of all classes. The first images would be of one class, because a data set lists its images by class.
    private static Dataset Spread(Dataset all) =>
        all.Subset([.. Enumerable.Range(0, SearchImages).Select(i => i * all.Count / SearchImages)]);

    private void Progress(int count, int all)
    {
        if (count % 10 == 0)
        {
            say(Text($"{count} of {all} measured."));
        }
    }

    private string Said(Comparison result) => images.HasClasses
        ? Text($"accuracy {result.Accuracy * 100:F2} % (floats {result.FloatAccuracy * 100:F2} %), ")
            + Text($"the same answer for {result.Agreement * 100:F2} %")
        : Text($"the same answer for {result.Agreement * 100:F2} %");

    private static string NameOf(CalibrationMethod method) => method switch
    {
        CalibrationMethod.MinMax => "minMax",
        CalibrationMethod.Entropy => "entropy",
        _ => "percentile",
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
