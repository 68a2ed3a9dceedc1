namespace Fovea.Models.Kernels;

/// <summary>
/// The sizes of an image of interleaved phases, apart from the batch size. The image is divided into cells of 2x2 pixels; phase (a, b) has
/// the pixels (a, b) of each cell.
/// </summary>
/// <param name="Channels">The number of channels.</param>
/// <param name="Height">The height of the image.</param>
/// <param name="Width">The width of the image.</param>
internal readonly record struct PhaseShape(int Channels, int Height, int Width)
{
    /// <summary>The number of phases.</summary>
    public const int Phases = 4;

    private static readonly SizeTable<PhaseShape> Sizes = new(
        ("channels", shape => shape.Channels, (shape, size) => shape with { Channels = size }),
        ("height", shape => shape.Height, (shape, size) => shape with { Height = size }),
        ("width", shape => shape.Width, (shape, size) => shape with { Width = size }));

    /// <summary>The height of a phase.</summary>
    /// <param name="row">The row of its pixels in a cell, 0 or 1.</param>
    public int Rows(int row) => (Height - row + 1) / 2;

    /// <summary>The width of a phase.</summary>
    /// <param name="column">The column of its pixels in a cell, 0 or 1.</param>
    public int Columns(int column) => (Width - column + 1) / 2;

    /// <summary>The sizes as attributes of an ONNX node.</summary>
    public (string Name, object Value)[] Attributes() => Sizes.Attributes(this);

    /// <summary>The sizes of a node whose kernel ONNX Runtime is creating.</summary>
    public static PhaseShape Of(nint info) => Sizes.Read(info);
}
