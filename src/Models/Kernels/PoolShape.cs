using Fovea.Models.Graphs;

namespace Fovea.Models.Kernels;

/// <summary>The sizes of a pool over windows, apart from the batch size and the channels.</summary>
/// <param name="Height">The height of the input.</param>
/// <param name="Width">The width of the input.</param>
/// <param name="Rows">The height of the output.</param>
/// <param name="Columns">The width of the output.</param>
/// <param name="KernelHeight">The height of a window.</param>
/// <param name="KernelWidth">The width of a window.</param>
/// <param name="StrideDown">The distance between windows below each other.</param>
/// <param name="StrideAcross">The distance between windows beside each other.</param>
/// <param name="Top">The padding above the input.</param>
/// <param name="Left">The padding on the left of the input.</param>
internal readonly record struct PoolShape(
    int Height, int Width, int Rows, int Columns, int KernelHeight, int KernelWidth, int StrideDown, int StrideAcross, int Top, int Left)
{
    private static readonly SizeTable<PoolShape> Sizes = new(
        ("height", shape => shape.Height, (shape, size) => shape with { Height = size }),
        ("width", shape => shape.Width, (shape, size) => shape with { Width = size }),
        ("rows", shape => shape.Rows, (shape, size) => shape with { Rows = size }),
        ("columns", shape => shape.Columns, (shape, size) => shape with { Columns = size }),
        ("kernel_height", shape => shape.KernelHeight, (shape, size) => shape with { KernelHeight = size }),
        ("kernel_width", shape => shape.KernelWidth, (shape, size) => shape with { KernelWidth = size }),
        ("stride_down", shape => shape.StrideDown, (shape, size) => shape with { StrideDown = size }),
        ("stride_across", shape => shape.StrideAcross, (shape, size) => shape with { StrideAcross = size }),
        ("top", shape => shape.Top, (shape, size) => shape with { Top = size }),
        ("left", shape => shape.Left, (shape, size) => shape with { Left = size }));

    /// <summary>The sizes of a window without dilations that moves over x and gives y.</summary>
    public static PoolShape Of(Shape x, Shape y, Window window) => new(
        x[2], x[3], y[2], y[3],
        window.Kernel[0], window.Kernel[1],
        window.Strides[0], window.Strides[1],
        window.Before[0], window.Before[1]);

    /// <summary>The sizes as attributes of an ONNX node.</summary>
    public (string Name, object Value)[] Attributes() => Sizes.Attributes(this);

    /// <summary>The sizes of a node whose kernel ONNX Runtime is creating.</summary>
    public static PoolShape Of(nint info) => Sizes.Read(info);
}
