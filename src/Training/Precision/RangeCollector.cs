using Fovea.Models.Graphs;
using Fovea.Models.Quantization;
using Fovea.Models.Runtime;
using Fovea.Training.Datasets;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training.Precision;

/// <summary>Runs a network on calibration images, and keeps the distribution of the values of some of its tensors.</summary>
internal static class RangeCollector
{
    private const int BatchSize = 8;

    private delegate void Look(ValueHistogram histogram, ReadOnlySpan<float> values);

    /// <summary>Returns the distribution of each tensor's values.</summary>
    /// <param name="network">The network, with one input.</param>
    /// <param name="tensors">Tensors of the network.</param>
    /// <param name="images">The calibration images, at least one. They are run one by one, twice, or once for the extent alone.</param>
    /// <param name="stop">Cancels the runs.</param>
    /// <param name="extentOnly">Whether only <see cref="ValueHistogram.Extent"/> is read.</param>
    /// <exception cref="Models.Errors.FoveaException">An image cannot be read, or a value is not finite.</exception>
    public static IReadOnlyDictionary<Value, ValueHistogram> Collect(
        Graph network, IReadOnlyCollection<Value> tensors, Dataset images, CancellationToken stop, bool extentOnly = false)
    {
        var histograms = tensors.ToDictionary(tensor => tensor, _ => new ValueHistogram());
        Value[] computed = [.. tensors.Where(tensor => tensor.Producer is not null)];
        using var session = Open(network, computed);
        using var options = new RunOptions();
        var input = network.Inputs[0];
        string[] names = [.. computed.Select(tensor => tensor.Name)];
        Pass((histogram, values) => histogram.Widen(values));
        if (!extentOnly)
        {
            Pass((histogram, values) => histogram.Count(values));
        }

        return histograms;

        void Pass(Look look)
        {
            int size = (int)images.Preprocessing.Shape.Size;
            foreach (var batch in new BatchLoader(images, BatchSize).InOrder())
            {
                for (int i = 0; i < batch.Count; i++)
                {
                    stop.ThrowIfCancellationRequested();
                    Run(batch.Images.AsMemory(i * size, size), look);
                }
            }
        }

        void Run(Memory<float> image, Look look)
        {
            // A network with a fixed batch size gets a batch of copies of one image. This does not change the distribution.
            int count = Math.Max(1, input.Shape[0]);
            var copies = count == 1 ? image : Enumerable.Repeat(image.ToArray(), count).SelectMany(copy => copy).ToArray();
            using var value = OrtValue.CreateTensorValueFromMemory(
                OrtMemoryInfo.DefaultInstance, copies, [count, .. images.Preprocessing.Shape.ToInt64()]);
            using var outputs = session.Run(options, [input.Name], [value], names);
            foreach (var (tensor, output) in computed.Zip(outputs))
            {
                look(histograms[tensor], output.GetTensorDataAsSpan<float>());
            }

            if (histograms.TryGetValue(input, out var pixels))
            {
                look(pixels, image.Span);
            }
        }
    }

    private static InferenceSession Open(Graph network, Value[] computed)
    {
        Value[] outputs = [.. network.Outputs];
        try
        {
            foreach (var tensor in computed.Except(outputs))
            {
                network.Output(tensor);
            }

            return Sessions.Open(network);
        }
        finally
        {
            network.Outputs.Clear();
            Array.ForEach(outputs, network.Output);
        }
    }
}
