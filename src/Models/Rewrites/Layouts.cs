using Fovea.Models.Graphs;

namespace Fovea.Models.Rewrites;

/// <summary>
/// Converts image tensors between memory layouts: [N, C, H, W], the layout of ONNX; blocked, [N, C / B, H, W, B], the layout of ONNX
/// Runtime's fastest convolutions (its domain com.microsoft.nchwc); and channels last, [N, H, W, C]. Each value is converted to a layout
/// only once.
/// </summary>
/// <param name="graph">The graph to which the conversions are added.</param>
/// <param name="block">B, the number of channels in a block; 1 if the runtime has no blocked operators.</param>
internal sealed class Layouts(Graph graph, int block)
{
    private const string Domain = "com.microsoft.nchwc";

    private readonly Dictionary<Value, Value> blocked = [], channelsLast = [];

    /// <summary>The graph to which the conversions are added.</summary>
    public Graph Graph => graph;

    /// <summary>Whether tensors with this many channels can be blocked without padding.</summary>
    public bool Blocks(int channels) => block > 1 && channels % block == 0;

    /// <summary>Converts [N, C, H, W] to the blocked layout. The result's declared shape remains [N, C, H, W].</summary>
    public Value Blocked(Value x) => blocked.TryGetValue(x, out var known) ? known : blocked[x] = Apply("ReorderInput", [x], x.Shape);

    /// <summary>Converts the blocked layout, with the declared shape [N, C, H, W], to [N, C, H, W].</summary>
    public Value Plain(Value x)
    {
        var plain = Apply("ReorderOutput", [x], x.Shape, ("channels", (long)x.Shape[1]));
        blocked[plain] = x;
        return plain;
    }

    /// <summary>Converts [N, C, H, W] to [N, H, W, C].</summary>
    public Value ChannelsLast(Value x)
    {
        if (!channelsLast.TryGetValue(x, out var last))
        {
            int n = x.Shape[0], c = x.Shape[1], h = x.Shape[2], w = x.Shape[3];
            var shape = new Shape(n, h, w, c);
            last = c == 1 ? graph.Reshape(x, shape)
                : Blocks(c) ? graph.Reshape(Transposed(graph.Reshape(Blocked(x), new Shape(n, c / block, h * w, block))), shape)
                : graph.Transpose(x, 0, 2, 3, 1);
            channelsLast.Add(x, last);
        }

        return last;

        Value Transposed(Value blocks) => graph.Transpose(blocks, 0, 2, 1, 3);
    }

    /// <summary>Converts [N, H, W, C] to [N, C, H, W].</summary>
    public Value ChannelsFirst(Value x)
    {
        var plain = new Shape(x.Shape[0], x.Shape[3], x.Shape[1], x.Shape[2]);
        if (plain[2] * plain[3] == 1)
        {
            return graph.Reshape(x, plain);
        }

        return Blocks(plain[1])
            ? Apply("ReorderOutput", [Apply("ReorderInput", [x], plain, ("channels_last", 1L))], plain, ("channels", (long)plain[1]))
            : graph.Transpose(x, 0, 3, 1, 2);
    }

    /// <summary>Adds a convolution in the blocked layout.</summary>
    /// <param name="x">The input in the blocked layout, with the declared shape [N, C, H, W].</param>
    /// <param name="filters">
    /// The result of <see cref="Filters"/> or <see cref="ReversedFilters"/>, with the declared shape [M, C, R, S].
    /// </param>
    /// <param name="bias">The bias, [M]; <c>null</c> for none.</param>
    /// <param name="window">Kernel size, strides, dilations and padding.</param>
    /// <param name="relu">Whether the result includes a Relu, max(y, 0).</param>
    /// <returns>The output in the blocked layout, with the declared shape [N, M, P, Q].</returns>
    public Value Conv(Value x, Value filters, Value? bias, Window window, bool relu = false)
    {
        var y = new Shape(x.Shape[0], filters.Shape[0], window.Steps(0, x.Shape[2]), window.Steps(1, x.Shape[3]));
        (string, object)[] activation = relu ? [("activation", "Relu")] : [];
        return Apply("Conv", bias is null ? [x, filters] : [x, filters, bias], y, [.. window.Attributes(), ("group", 1L), .. activation]);
    }

    /// <summary>Converts weights [M, C, R, S] to the layout of a blocked convolution: [M / B, C / B, R, S, B of C, B of M].</summary>
    public Value Filters(Value w)
    {
        var (m, c, r, s) = (w.Shape[0], w.Shape[1], w.Shape[2], w.Shape[3]);
        var rows = new Shape(m / block, block, c, r * s);
        return graph.Reshape(Apply("ReorderInput", [graph.Reshape(Blocked(w), rows)], rows), w.Shape);
    }

    /// <summary>
    /// Converts weights [M, C, R, S] to the filters of the backward convolution: [C, M, R, S] with each kernel reversed, in the layout of a
    /// blocked convolution.
    /// </summary>
    public Value ReversedFilters(Value w) => BackwardFilters(
        w, [.. Enumerable.Range(0, w.Shape[2]).Reverse()], [.. Enumerable.Range(0, w.Shape[3]).Reverse()]);

    /// <summary>
    /// Converts some elements of the kernels of weights [M, C, R, S] to filters [C, M, rows, columns] in the layout of a blocked
    /// convolution.
    /// </summary>
    /// <param name="w">The weights.</param>
    /// <param name="rows">The rows of each kernel to take, in their new order.</param>
    /// <param name="columns">The columns of each kernel to take, in their new order.</param>
    public Value BackwardFilters(Value w, int[] rows, int[] columns)
    {
        int m = w.Shape[0], c = w.Shape[1], kernel = w.Shape[2] * w.Shape[3];
        int[] elements = [.. rows.SelectMany(_ => columns, (row, column) => (row * w.Shape[3]) + column)];

        // B channels that are neighbours in memory (a run) stay together, so one Gather moves whole runs: from [M, C / B, RS] to
        // [C / B, M / B, elements, B of M].
        var runs = graph.Reshape(Blocked(w), new Shape(m * c / block * kernel, block));
        var name = $"turned_{m}_{c}_{kernel}_{string.Join('_', elements)}";
        var order = graph.Constant(name, () => BackwardOrder(m, c / block, kernel, elements));
        return graph.Reshape(graph.Apply("Gather", [runs, order]), new Shape(c, m, rows.Length, columns.Length));
    }

    private Tensor BackwardOrder(int m, int blocks, int kernel, int[] elements)
    {
        var order = new int[m * blocks * elements.Length];
        for (int i = 0; i < order.Length; i++)
        {
            int filter = i / (block * elements.Length) % (m / block) * block + i % block;
            int part = i / (m * elements.Length), k = elements[i / block % elements.Length];
            order[i] = (filter * blocks + part) * kernel + k;
        }

        return Tensor.OfInt32(order);
    }

    private Value Apply(string op, Value?[] inputs, Shape shape, params ReadOnlySpan<(string Name, object Value)> attributes) =>
        graph.Apply(Domain, op, inputs, shape, attributes);
}
