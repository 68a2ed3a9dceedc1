using Fovea.Models.Graphs;

namespace Fovea.Models.Rewrites;

// Y = A' ((G w G') . (B' x B)) A gives 2x2 outputs for a tile x of 4x4 pixels and a filter w of 3x3; . is the elementwise product, summed
// over the input channels. B', G and A' are the constant matrices below. For each coefficient (an element of the transformed tile), the
// sums over all channels and tiles are a matrix product, [filters, channels] by [channels, tiles].

/// <summary>
/// Rewrites 3x3 convolutions by Winograd's minimal filtering F(2x2, 3x3): four outputs need 16 multiplications per channel instead of 36.
/// (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2016, https://arxiv.org/abs/1509.09308.)
/// </summary>
/// <remarks>
/// The rewritten form consists of standard operators. ONNX Runtime computes the transformed weights once, when a session is opened. The
/// transformed weights need 16/9 of the memory of the original weights.
/// </remarks>
internal static class Winograd
{
    // Tile is the side of an input tile. Step is the side of the tile's output, and the distance between neighbouring tiles.
    private const int Tile = 4, Step = Tile - 2, Coefficients = Tile * Tile;

    // The smallest C K / (C + K), for C input channels and K output channels, at which the rewrite is faster. The cost of the
    // transformations grows with C + K, and the number of saved multiplications grows with C K.
    private const double MinChannels = 64;

    // The matrices B', G and A' of the paper, in this order.
    private static readonly float[,] ToCoefficients = { { 1, 0, -1, 0 }, { 0, 1, 1, 0 }, { 0, -1, 1, 0 }, { 0, 1, 0, -1 } };
    private static readonly float[,] OfWeights = { { 1, 0, 0 }, { 0.5f, 0.5f, 0.5f }, { 0.5f, -0.5f, 0.5f }, { 0, 0, 1 } };
    private static readonly float[,] ToPixels = { { 1, 1, 1, 0 }, { 0, 1, -1, -1 } };

    /// <summary>
    /// Whether a node is a 3x3 convolution with stride 1 on images of a known size, with enough channels for the rewrite to be faster. A
    /// quantised convolution is not rewritten, because ONNX Runtime computes it with integers.
    /// </summary>
    public static bool Suits(Node node) =>
        node is { Op: "Conv", Domain: "" }
        && node[0] is { Type: ElementType.Float, Shape: { Rank: 4 } x } && x.Dimensions[1..].All(size => size > 0)
        && node[0].Producer is not { Op: "DequantizeLinear" }
        && node[1].Shape is { Rank: 4, IsKnown: true } w
        && node.Int("group", 1) == 1
        && Window.Of(node) is { Kernel: [3, 3], Strides: [1, 1], Dilations: [1, 1] }
        && (double)w[0] * w[1] / (w[0] + w[1]) >= MinChannels;

    /// <summary>Adds the rewritten convolution to a graph and returns its output.</summary>
    /// <param name="g">The graph to which the operators are added.</param>
    /// <param name="node">The convolution, in its original graph.</param>
    /// <param name="inputs">The values of <paramref name="g"/> that replace the node's inputs.</param>
    public static Value Rewrite(Graph g, Node node, IReadOnlyList<Value?> inputs)
    {
        var (x, weights, window) = (inputs[0]!, inputs[1]!, Window.Of(node));
        int channels = weights.Shape[1], filters = weights.Shape[0];
        int[] size = [.. node[0].Shape.Dimensions[2..]], outputSize = [window.Steps(0, size[0]), window.Steps(1, size[1])];
        int[] tiles = [Tiles(outputSize[0]), Tiles(outputSize[1])], pixels = [Step * tiles[0], Step * tiles[1]];

        // The coefficients of all tiles, as a convolution of each channel: [N C, 16, tiles], transposed to [16, C, N, tiles].
        var tiling = new Window([Tile, Tile], [Step, Step], window.Before, [PaddingAfter(0), PaddingAfter(1)], [1, 1]);
        var images = g.Reshape(x, new Shape(-1, 1, size[0], size[1]));
        var transform = Kronecker(g, "to_coefficients", ToCoefficients, new Shape(Coefficients, 1, Tile, Tile));
        var coefficients = g.Reshape(g.Conv(images, transform, window: tiling), new Shape(-1, channels, Coefficients, tiles[0] * tiles[1]));
        coefficients = g.Reshape(g.Transpose(coefficients, 2, 1, 0, 3), new Shape(Coefficients, channels, -1));

        // The matrix products for all coefficients: [16, K, C] by [16, C, N tiles].
        var products = g.Reshape(g.MatMul(Weights(g, weights, filters, channels), coefficients), new Shape(Coefficients, -1));

        // The outputs have the axes [2, 2, K, N, tiles down, tiles across]. The 2x2 outputs of each tile are interleaved with the columns,
        // and then with the rows, which gives [N, K, P, Q].
        var outputs = g.MatMul(Kronecker(g, "to_pixels", ToPixels, new Shape(Step * Step, Coefficients)), products);
        var columns = g.Transpose(g.Reshape(outputs, new Shape(Step, Step, -1)), 0, 2, 1);
        var rows = g.Transpose(g.Reshape(columns, new Shape(Step, filters, -1, tiles[0], pixels[1])), 2, 1, 3, 0, 4);
        var y = g.Reshape(rows, new Shape(-1, filters, pixels[0], pixels[1]));
        if (!pixels.SequenceEqual(outputSize))
        {
            y = g.Slice(y, [0, 0], outputSize, [2, 3]);
        }

        return inputs is [_, _, { } bias] ? g.Apply("Add", [y, g.Reshape(bias, new Shape(filters, 1, 1))]) : y;

        // The last tile ends exactly at the end of the padded input.
        int PaddingAfter(int axis) => (Step * (tiles[axis] - 1)) + Tile - size[axis] - window.Before[axis];
    }

    // The transformed weights G w G', [16, K, C].
    private static Value Weights(Graph g, Value weights, int filters, int channels)
    {
        var byElement = g.Transpose(g.Reshape(weights, new Shape(filters * channels, 9)), 1, 0);
        var transformed = g.MatMul(Kronecker(g, "of_weights", OfWeights, new Shape(Coefficients, 9)), byElement);
        return g.Reshape(transformed, new Shape(Coefficients, filters, channels));
    }

    // The Kronecker product of a matrix with itself. It applies the matrix to both axes of a tile in one product.
    private static Value Kronecker(Graph g, string name, float[,] matrix, Shape shape) => g.Constant($"winograd/{name}", () =>
    {
        var (rows, columns) = (matrix.GetLength(0), matrix.GetLength(1));
        var both = new float[rows * rows * columns * columns];
        for (int i = 0; i < both.Length; i++)
        {
            int row = i / (columns * columns), column = i % (columns * columns);
            both[i] = matrix[row / rows, column / columns] * matrix[row % rows, column % columns];
        }

        return Tensor.Of(shape, both);
    });

    // The number of tiles that cover this number of pixels along an axis.
    private static int Tiles(int pixels) => (pixels + Step - 1) / Step;
}
