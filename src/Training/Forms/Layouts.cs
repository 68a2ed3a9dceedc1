using Fovea.Models;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training;

/// <summary>
/// The orders in which the numbers of an image tensor can lie: [N, C, H, W] as ONNX has it; blocked, [N, C / B, H, W, B], in which ONNX Runtime's
/// fastest convolutions work (its domain com.microsoft.nchwc); and [N, H, W, C]. A value that was brought into another order once is not again.
/// </summary>
internal sealed class Layouts(Graph graph)
{
    private const string Domain = "com.microsoft.nchwc";

    private readonly Dictionary<Value, Value> blocked = [], channelsLast = [];

    /// <summary>B, the channels in a block: 8 with AVX2, 16 with AVX-512; 1 where the runtime has no blocked operators.</summary>
    public static int Block { get; } = FindBlock();

    /// <summary>The graph that is added to.</summary>
    public Graph Graph => graph;

    /// <summary>Whether a tensor with so many channels can be blocked without padding.</summary>
    public static bool Blocks(int channels) => Block > 1 && channels % Block == 0;

    /// <summary>A value in blocked order; its shape is still given as [N, C, H, W].</summary>
    public Value Blocked(Value x) => blocked.TryGetValue(x, out var known) ? known : blocked[x] = Apply("ReorderInput", [x], x.Shape);

    /// <summary>A value that was computed in blocked order, as [N, C, H, W].</summary>
    public Value Plain(Value x)
    {
        var plain = Apply("ReorderOutput", [x], x.Shape, ("channels", (long)x.Shape[1]));
        blocked[plain] = x;
        return plain;
    }

    /// <summary>[N, C, H, W] as [N, H, W, C].</summary>
    public Value ChannelsLast(Value x)
    {
        if (!channelsLast.TryGetValue(x, out var last))
        {
            var (n, c, h, w) = (x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]);
            last = c == 1 ? graph.Reshape(x, new Shape(n, h, w, c))
                : Blocks(c) ? graph.Reshape(graph.Transpose(graph.Reshape(Blocked(x), new Shape(n, c / Block, h * w, Block)), 0, 2, 1, 3), new Shape(n, h, w, c))
                : graph.Transpose(x, 0, 2, 3, 1);
            channelsLast.Add(x, last);
        }

        return last;
    }

    /// <summary>[N, H, W, C] as [N, C, H, W].</summary>
    public Value ChannelsFirst(Value x)
    {
        var plain = new Shape(x.Shape[0], x.Shape[3], x.Shape[1], x.Shape[2]);
        return plain[2] * plain[3] == 1 ? graph.Reshape(x, plain)
            : Blocks(plain[1]) ? Apply("ReorderOutput", [Apply("ReorderInput", [x], plain, ("channels_last", 1L))], plain, ("channels", (long)plain[1]))
            : graph.Transpose(x, 0, 3, 1, 2);
    }

    /// <summary>Blocked convolution of a blocked value.</summary>
    /// <param name="x">[N, C, H, W].</param>
    /// <param name="filters">As <see cref="Filters"/> or <see cref="TurnedFilters"/> gives them.</param>
    /// <param name="bias">[M], or null.</param>
    /// <param name="window">How it walks.</param>
    /// <param name="relu">Whether max(y, 0) is taken of each result.</param>
    public Value Conv(Value x, Value filters, Value? bias, Window window, bool relu = false)
    {
        var y = new Shape(x.Shape[0], filters.Shape[0], window.Steps(0, x.Shape[2]), window.Steps(1, x.Shape[3]));
        return Apply("Conv", bias is null ? [x, filters] : [x, filters, bias], y, [.. window.Attributes(), ("group", 1L), .. relu ? [("activation", "Relu")] : Array.Empty<(string, object)>()]);
    }

    /// <summary>Weights [M, C, R, S] as a blocked convolution takes them: [M / B, C / B, R, S, B of C, B of M].</summary>
    public Value Filters(Value w)
    {
        var (m, c, r, s) = (w.Shape[0], w.Shape[1], w.Shape[2], w.Shape[3]);
        var rows = new Shape(m / Block, Block, c, r * s);
        return graph.Reshape(Apply("ReorderInput", [graph.Reshape(Blocked(w), rows)], rows), w.Shape);
    }

    /// <summary>Weights [M, C, R, S] turned round for the way back, [C, M, R, S] with each kernel reversed, in blocked order.</summary>
    public Value TurnedFilters(Value w)
    {
        var (m, c, kernel) = (w.Shape[0], w.Shape[1], w.Shape[2] * w.Shape[3]);

        // Runs of B channels keep their order, so it is they that are gathered: from [M, C / B, RS] to [C / B, M / B, RS reversed, B of M].
        var runs = graph.Reshape(Blocked(w), new Shape(m * c / Block * kernel, Block));
        var order = graph.Constant($"turned_{m}_{c}_{kernel}", () => Order(m, c / Block, kernel));
        return graph.Reshape(graph.Apply("Gather", [runs, order]), new Shape(c, m, w.Shape[2], w.Shape[3]));
    }

    private static Tensor Order(int m, int blocks, int kernel)
    {
        var order = new int[m * blocks * kernel];
        for (int i = 0; i < order.Length; i++)
        {
            int filter = i / (Block * kernel) % (m / Block) * Block + i % Block, channels = i / (m * kernel), k = kernel - 1 - i / Block % kernel;
            order[i] = (filter * blocks + channels) * kernel + k;
        }

        return Tensor.OfInt32(order);
    }

    private Value Apply(string op, Value?[] inputs, Shape shape, params ReadOnlySpan<(string Name, object Value)> attributes) => graph.Apply(Domain, op, inputs, shape, attributes);

    // Whether channel 0 is followed by channel 1 or by its own second pixel, and after how many, shows the block.
    private static int FindBlock()
    {
        const int Channels = 64;
        var probe = new Graph("block");
        var x = probe.Input("x", ElementType.Float, new Shape(1, Channels, 1, 2));
        probe.Output(new Layouts(probe).Blocked(x));
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
