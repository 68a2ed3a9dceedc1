using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Rewrites;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Runtime;

/// <summary>
/// ONNX Runtime's fastest convolutions store images in blocks of channels. This class measures how many channels are in a block.
/// </summary>
internal static class ChannelBlock
{
    /// <summary>The number of channels in a block: 8 with AVX2, 16 with AVX-512, 1 if ONNX Runtime has no blocked operators.</summary>
    public static int Size { get; } = Find();

    // Converts a tensor of 64 channels and 2 pixels, which holds 0, 1, 2, ... in [C, W] order, to blocks of B channels. The number 1 is the
    // second pixel of channel 0. In the result it follows the first pixels of the B channels in block 0, so its index is B.
    private static int Find()
    {
        const int Channels = 64;
        var probe = new Graph("block");
        var x = probe.Input("x", ElementType.Float, new Shape(1, Channels, 1, 2));
        probe.Output(new Layouts(probe, block: 1).Blocked(x));
        try
        {
            using var session = Sessions.Open(probe);
            using var options = new RunOptions();
            float[] numbers = [.. Enumerable.Range(0, 2 * Channels)];
            using var input = OrtValue.CreateTensorValueFromMemory(numbers, [1, Channels, 1, 2]);
            using var outputs = session.Run(options, [x.Name], [input], [probe.Outputs[0].Name]);
            return outputs[0].GetTensorDataAsSpan<float>().IndexOf(1);
        }
        catch (FoveaException)
        {
            return 1;
        }
    }
}
