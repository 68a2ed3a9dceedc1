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
    /// <summary>The sizes of a window without dilations that moves over x and gives y.</summary>
    public static PoolShape Of(Shape x, Shape y, Window window) => new(
        x[2], x[3], y[2], y[3],
        window.Kernel[0], window.Kernel[1],
        window.Strides[0], window.Strides[1],
        window.Before[0], window.Before[1]);

    /// <summary>The sizes as attributes of an ONNX node.</summary>
    public (string Name, object Value)[] Attributes() =>
    [
        ("height", (long)Height), ("width", (long)Width), ("rows", (long)Rows), ("columns", (long)Columns),
        ("kernel_height", (long)KernelHeight), ("kernel_width", (long)KernelWidth), ("stride_down", (long)StrideDown),
        ("stride_across", (long)StrideAcross), ("top", (long)Top), ("left", (long)Left),
    ];

    /// <summary>The sizes of a node whose kernel ONNX Runtime is creating.</summary>
    public static PoolShape Of(nint info) => new(
        RuntimeApi.Attribute(info, "height\0"u8),
        RuntimeApi.Attribute(info, "width\0"u8),
        RuntimeApi.Attribute(info, "rows\0"u8),
        RuntimeApi.Attribute(info, "columns\0"u8),
        RuntimeApi.Attribute(info, "kernel_height\0"u8),
        RuntimeApi.Attribute(info, "kernel_width\0"u8),
        RuntimeApi.Attribute(info, "stride_down\0"u8),
        RuntimeApi.Attribute(info, "stride_across\0"u8),
        RuntimeApi.Attribute(info, "top\0"u8),
        RuntimeApi.Attribute(info, "left\0"u8));
}
