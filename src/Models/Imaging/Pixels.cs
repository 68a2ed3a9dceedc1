namespace Fovea.Models;

/// <summary>A decoded image: rows from the top, pixels from the left, channels interleaved, 8 bits each.</summary>
/// <param name="Width">Pixels in a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="Channels">1 (brightness) or 3 (red, green, blue).</param>
/// <param name="Values">Width x Height x Channels values, 0 to 255.</param>
public sealed record Pixels(int Width, int Height, int Channels, byte[] Values);

/// <summary>A part of an image.</summary>
/// <param name="X">Its first pixel from the left.</param>
/// <param name="Y">Its first row from the top.</param>
/// <param name="Width">Pixels in a row.</param>
/// <param name="Height">Rows.</param>
public readonly record struct PixelRectangle(int X, int Y, int Width, int Height);
