namespace Fovea.Models;

/// <summary>
/// Convolutions of 3 x 3 as Winograd's minimal filtering F(2 x 2, 3 x 3): 16 products give four outputs, where the definition takes 36. Each tile of
/// 4 x 4 pixels becomes 16 coefficients; those of one place in all tiles are one matrix product with the weights of that place; what comes out
/// becomes 2 x 2 pixels. (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2016, https://arxiv.org/abs/1509.09308.)
/// </summary>
/// <remarks>All of it are standard operators. What depends on weights alone is computed once, when a session is opened; it takes 16/9 of their memory.</remarks>
internal static class Winograd
{
    private const int Tile = 4, Step = Tile - 2, Places = Tile * Tile;

    // Making and reading coefficients costs the same for each channel, and what is saved grows with the product of both sides.
    private const double LeastChannels = 64;

    // B', G and A' of the paper.
    private static readonly float[,] ToCoefficients = { { 1, 0, -1, 0 }, { 0, 1, 1, 0 }, { 0, -1, 1, 0 }, { 0, 1, 0, -1 } };
    private static readonly float[,] OfWeights = { { 1, 0, 0 }, { 0.5f, 0.5f, 0.5f }, { 0.5f, -0.5f, 0.5f }, { 0, 0, 1 } };
    private static readonly float[,] ToPixels = { { 1, 1, 1, 0 }, { 0, 1, -1, -1 } };

    /// <summary>Whether a convolution has this form, and may gain by it. The size of its input must be known.</summary>
    public static bool Suits(Node node) =>
        node is { Op: "Conv", Domain: "" } && node[0] is { Type: ElementType.Float, Shape: { Rank: 4 } x } && node[1].Shape is { Rank: 4, IsKnown: true } w && x.Dimensions[1..].All(size => size > 0)
        && node.Int("group", 1) == 1 && Window.Of(node) is { Kernel: [3, 3], Strides: [1, 1], Dilations: [1, 1] }
        && (double)w[0] * w[1] / (w[0] + w[1]) >= LeastChannels;

    /// <summary>A convolution's output in this form.</summary>
    /// <param name="g">The graph that is added to.</param>
    /// <param name="node">The convolution.</param>
    /// <param name="inputs">What stands for its inputs there.</param>
    public static Value Form(Graph g, Node node, IReadOnlyList<Value?> inputs)
    {
        var (x, weights, window) = (inputs[0]!, inputs[1]!, Window.Of(node));
        int channels = weights.Shape[1], filters = weights.Shape[0];
        int[] size = [.. node[0].Shape.Dimensions[2..]], given = [window.Steps(0, size[0]), window.Steps(1, size[1])];
        int[] tiles = [Tiles(given[0]), Tiles(given[1])], pixels = [Step * tiles[0], Step * tiles[1]];

        // [16, C, N * tiles], place by place; a tile overlaps the next by what the kernel reaches over.
        var walk = new Window([Tile, Tile], [Step, Step], window.Before, [Behind(0), Behind(1)], [1, 1]);
        var images = g.Reshape(x, new Shape(-1, 1, size[0], size[1]));
        var coefficients = g.Conv(images, Matrix(g, "to_coefficients", ToCoefficients, new Shape(Places, 1, Tile, Tile)), window: walk);
        coefficients = g.Transpose(g.Reshape(coefficients, new Shape(-1, channels, Places, tiles[0] * tiles[1])), 2, 1, 0, 3);

        var products = g.MatMul(Weights(g, weights, filters, channels), g.Reshape(coefficients, new Shape(Places, channels, -1)));

        // [2, 2, K, N, tiles down, tiles across], two outputs down and two across: first the rows are put together, then the columns.
        var outputs = g.MatMul(Matrix(g, "to_pixels", ToPixels, new Shape(Step * Step, Places)), g.Reshape(products, new Shape(Places, -1)));
        var rows = g.Reshape(g.Transpose(g.Reshape(outputs, new Shape(Step, Step, -1)), 0, 2, 1), new Shape(Step, filters, -1, tiles[0], pixels[1]));
        var y = g.Reshape(g.Transpose(rows, 2, 1, 3, 0, 4), new Shape(-1, filters, pixels[0], pixels[1]));
        if (!pixels.SequenceEqual(given))
        {
            y = g.Slice(y, [0, 0], given, [2, 3]);
        }

        return inputs is [_, _, { } bias] ? g.Apply("Add", [y, g.Reshape(bias, new Shape(filters, 1, 1))]) : y;

        int Behind(int axis) => (Step * (tiles[axis] - 1)) + Tile - size[axis] - window.Before[axis];
    }

    // [16, K, C].
    private static Value Weights(Graph g, Value weights, int filters, int channels)
    {
        var byElement = g.Transpose(g.Reshape(weights, new Shape(filters * channels, 9)), 1, 0);
        return g.Reshape(g.MatMul(Matrix(g, "of_weights", OfWeights, new Shape(Places, 9)), byElement), new Shape(Places, filters, channels));
    }

    // The matrix for both axes at once.
    private static Value Matrix(Graph g, string name, float[,] matrix, Shape shape) => g.Constant($"winograd/{name}", () =>
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

    private static int Tiles(int pixels) => (pixels + Step - 1) / Step;
}
