namespace Fovea.Models.Imaging;

/// <summary>A decoded image: rows from the top, pixels from the left, interleaved channels of 8 bits.</summary>
/// <param name="Width">The width in pixels.</param>
/// <param name="Height">The height in pixels.</param>
/// <param name="Channels">1 (brightness) or 3 (red, green and blue, in this order unless stated otherwise).</param>
/// <param name="Values">The first Width x Height x Channels elements are the values, 0 to 255. The array may be longer.</param>
public sealed record Pixels(int Width, int Height, int Channels, byte[] Values);

/// <summary>A rectangular part of an image, in pixels.</summary>
/// <param name="X">The left column, from 0.</param>
/// <param name="Y">The top row, from 0.</param>
/// <param name="Width">The number of columns.</param>
/// <param name="Height">The number of rows.</param>
public readonly record struct PixelRectangle(int X, int Y, int Width, int Height);
