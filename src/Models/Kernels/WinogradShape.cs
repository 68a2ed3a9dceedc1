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

    /// <summary>The number of rows of tiles in the output.</summary>
    public int TilesDown => (Rows + Step - 1) / Step;

    /// <summary>The number of tiles in one row of tiles.</summary>
    public int TilesAcross => (Columns + Step - 1) / Step;

    /// <summary>The sizes as attributes of an ONNX node.</summary>
    public (string Name, object Value)[] Attributes() =>
    [
        ("channels", (long)Channels), ("height", (long)Height), ("width", (long)Width), ("filters", (long)Filters), ("rows", (long)Rows),
        ("columns", (long)Columns), ("top", (long)Top), ("left", (long)Left), ("relu", Relu ? 1L : 0L), ("threads", (long)Threads),
        ("reversed", Reversed ? 1L : 0L),
    ];

    /// <summary>The sizes of a node whose kernel ONNX Runtime is creating.</summary>
    public static WinogradShape Of(nint info) => new(
        RuntimeApi.Attribute(info, "channels\0"u8),
        RuntimeApi.Attribute(info, "height\0"u8),
        RuntimeApi.Attribute(info, "width\0"u8),
        RuntimeApi.Attribute(info, "filters\0"u8),
        RuntimeApi.Attribute(info, "rows\0"u8),
        RuntimeApi.Attribute(info, "columns\0"u8),
        RuntimeApi.Attribute(info, "top\0"u8),
        RuntimeApi.Attribute(info, "left\0"u8),
        RuntimeApi.Attribute(info, "relu\0"u8) != 0,
        RuntimeApi.Attribute(info, "threads\0"u8),
        RuntimeApi.Attribute(info, "reversed\0"u8) != 0);
}
