namespace Fovea.Models.Kernels;

/// <summary>The sizes of a 3x3 convolution with stride 1, apart from the batch size.</summary>
/// <param name="Channels">The number of input channels C, a multiple of 8.</param>
/// <param name="Height">The height of the input.</param>
/// <param name="Width">The width of the input.</param>
/// <param name="Filters">The number of output channels K, a multiple of 8.</param>
/// <param name="Rows">The height of the output.</param>
/// <param name="Columns">The width of the output.</param>
/// <param name="Top">The padding above the input.</param>
/// <param name="Left">The padding on the left of the input.</param>
/// <param name="Relu">Whether the output is max(y, 0).</param>
/// <param name="Threads">The number of threads of the session, among which a run divides its work.</param>
/// <param name="Reversed">
/// Whether the weights are those of the convolution whose input gradient this convolution computes: [C, K, 3, 3], each kernel reversed.
/// </param>
internal readonly record struct WinogradShape(
    int Channels, int Height, int Width, int Filters, int Rows, int Columns, int Top, int Left, bool Relu, int Threads,
    bool Reversed = false)
{
    /// <summary>The side of the square of outputs that one tile gives.</summary>
    public const int Step = 4;

    /// <summary>The side of a tile of inputs. Neighbouring tiles overlap by two rows or columns.</summary>
    public const int Tile = Step + 2;

    private static readonly SizeTable<WinogradShape> Sizes = new(
        ("channels", shape => shape.Channels, (shape, size) => shape with { Channels = size }),
        ("height", shape => shape.Height, (shape, size) => shape with { Height = size }),
        ("width", shape => shape.Width, (shape, size) => shape with { Width = size }),
        ("filters", shape => shape.Filters, (shape, size) => shape with { Filters = size }),
        ("rows", shape => shape.Rows, (shape, size) => shape with { Rows = size }),
        ("columns", shape => shape.Columns, (shape, size) => shape with { Columns = size }),
        ("top", shape => shape.Top, (shape, size) => shape with { Top = size }),
        ("left", shape => shape.Left, (shape, size) => shape with { Left = size }),
        ("relu", shape => shape.Relu ? 1 : 0, (shape, size) => shape with { Relu = size != 0 }),
        ("threads", shape => shape.Threads, (shape, size) => shape with { Threads = size }),
        ("reversed", shape => shape.Reversed ? 1 : 0, (shape, size) => shape with { Reversed = size != 0 }));

    /// <summary>The number of rows of tiles in the output.</summary>
    public int TilesDown => (Rows + Step - 1) / Step;

    /// <summary>The number of tiles in one row of tiles.</summary>
    public int TilesAcross => (Columns + Step - 1) / Step;

    /// <summary>The sizes as attributes of an ONNX node.</summary>
    public (string Name, object Value)[] Attributes() => Sizes.Attributes(this);

    /// <summary>The sizes of a node whose kernel ONNX Runtime is creating.</summary>
    public static WinogradShape Of(nint info) => Sizes.Read(info);
}
