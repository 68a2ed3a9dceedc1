namespace Fovea.Models;

/// <summary>Turns the bytes of an image file (JPEG, PNG, WebP, BMP, the first frame of a GIF) into upright pixels on white.</summary>
public static class ImageDecoder
{
    /// <summary>Decodes an image, known by its bytes and not by a declared type.</summary>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.EmptyBody"/>, <see cref="ErrorCode.NotAnImage"/>, <see cref="ErrorCode.DamagedImage"/> or <see cref="ErrorCode.TooManyPixels"/>.
    /// </exception>
    public static Pixels Decode(ReadOnlyMemory<byte> file, ImageLimits limits) => throw new FoveaException(ErrorCode.NotAnImage, $"{file.Length} {limits}");
}
