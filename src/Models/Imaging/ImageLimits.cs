namespace Fovea.Models;

/// <summary>What an image may ask of the decoder. It is checked against the header, before any pixel is decoded.</summary>
/// <param name="Pixels">Width times height. Default 50 million; an image over it is refused with <see cref="ErrorCode.TooManyPixels"/>.</param>
/// <param name="Side">Width or height. Default 16,384; an image over it is refused with <see cref="ErrorCode.TooManyPixels"/>.</param>
public sealed record ImageLimits(long Pixels = 50_000_000, int Side = 16_384);
